#include "execute.h"

enum { ENOENT_ = 2, ENOTDIR_ = 20, PATH_MOST = 4096 };

static const char usual_path[] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

u64 length_of(const char *text)
{
	u64 n = 0;
	while (text[n])
		n++;
	return n;
}

static const char *path_in(char **environment)
{
	for (; *environment; environment++) {
		const char *e = *environment;
		if (e[0] == 'P' && e[1] == 'A' && e[2] == 'T' && e[3] == 'H' && e[4] == '=')
			return e + 5;
	}
	return usual_path;
}

static int has_slash(const char *name)
{
	for (; *name; name++)
		if (*name == '/')
			return 1;
	return 0;
}

s64 execute(char **words, char **environment)
{
	static char file[PATH_MOST];
	const char *name = words[0], *path = path_in(environment);
	if (has_slash(name))
		return sys(__NR_execve, name, words, environment);
	s64 answer = -ENOENT_;
	for (u64 length = length_of(name);;) {
		u64 n = 0;
		while (path[n] && path[n] != ':')
			n++;
		if (n + length + 2 <= sizeof file) {
			__builtin_memcpy(file, path, n);
			file[n] = '/';
			__builtin_memcpy(file + n + !!n, name, length + 1);
			s64 error = sys(__NR_execve, file, words, environment);
			if (error != -ENOENT_ && error != -ENOTDIR_)
				answer = error;
		}
		if (!path[n])
			return answer;
		path += n + 1;
	}
}
