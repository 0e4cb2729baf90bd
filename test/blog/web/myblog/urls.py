"""GET / lists the posts; POST / with `title` and `body` writes one."""
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import path
from django.utils.html import format_html, format_html_join

from .models import Post


def posts(request):
    if request.method == "POST":
        Post.objects.create(title=request.POST["title"], body=request.POST["body"])
        return HttpResponseRedirect("/")
    articles = format_html_join("\n", "<h2>{}</h2>\n<p>{}</p>", Post.objects.order_by("id").values_list("title", "body"))
    return HttpResponse(format_html("<!DOCTYPE html>\n<title>My blog</title>\n{}\n", articles))


urlpatterns = [path("", posts)]
