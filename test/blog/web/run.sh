#!/bin/sh
exec gunicorn --bind 0.0.0.0:8002 --workers 2 --access-logfile - myblog.wsgi
