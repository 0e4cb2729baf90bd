"""Settings of the blog. The database is named by the environment, as the container's `-e` gives it."""
import os

SECRET_KEY = os.environ.get("SECRET_KEY", "for a class room only")
DEBUG = False
ALLOWED_HOSTS = ["*"]
INSTALLED_APPS = ["django.contrib.contenttypes", "myblog"]
ROOT_URLCONF = "myblog.urls"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.mysql",
        "HOST": os.environ.get("MYSQL_HOST", "mysql"),
        "PORT": os.environ.get("MYSQL_PORT", "3306"),
        "USER": os.environ.get("MYSQL_USER", "blog"),
        "PASSWORD": os.environ.get("MYSQL_PASSWD", ""),
        "NAME": os.environ.get("MYSQL_DATABASE", "myblog"),
        "OPTIONS": {"charset": "utf8mb4"},
    }
}
