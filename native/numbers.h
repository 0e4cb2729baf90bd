/*
 * The calls that the shim makes of its own: arch/x86/entry/syscalls/syscall_64.tbl and include/uapi/asm-generic/unistd.h of
 * Linux. Written here because the numbers never change, and a compiler for the other processor comes without that
 * processor's headers.
 */
#pragma once

#if defined(__x86_64__)
enum {
	__NR_read = 0, __NR_write = 1, __NR_close = 3, __NR_lseek = 8, __NR_mmap = 9, __NR_rt_sigprocmask = 14,
	__NR_ioctl = 16, __NR_pread64 = 17, __NR_pwrite64 = 18, __NR_socket = 41, __NR_connect = 42, __NR_sendto = 44, __NR_recvfrom = 45, __NR_sendmsg = 46,
	__NR_recvmsg = 47, __NR_shutdown = 48, __NR_setsockopt = 54, __NR_getsockopt = 55,
	__NR_rt_sigaction = 13, __NR_getpid = 39, __NR_socketpair = 53, __NR_clone = 56, __NR_execve = 59, __NR_wait4 = 61, __NR_kill = 62, __NR_fcntl = 72,
	__NR_ftruncate = 77, __NR_chdir = 80, __NR_setpgid = 109, __NR_setsid = 112, __NR_setgroups = 116, __NR_setresuid = 117, __NR_setresgid = 119,
	__NR_rt_sigtimedwait = 128, __NR_prctl = 157, __NR_clock_gettime = 228,
	__NR_exit_group = 231, __NR_openat = 257, __NR_unlinkat = 263, __NR_faccessat = 269, __NR_ppoll = 271, __NR_splice = 275, __NR_accept4 = 288, __NR_signalfd4 = 289,
	__NR_dup3 = 292, __NR_pipe2 = 293, __NR_prlimit64 = 302,
};
#elif defined(__aarch64__)
enum {
	__NR_dup3 = 24, __NR_fcntl = 25, __NR_ioctl = 29, __NR_unlinkat = 35, __NR_ftruncate = 46, __NR_faccessat = 48, __NR_chdir = 49, __NR_openat = 56, __NR_close = 57, __NR_pipe2 = 59,
	__NR_lseek = 62, __NR_read = 63, __NR_write = 64, __NR_pread64 = 67, __NR_pwrite64 = 68, __NR_ppoll = 73,
	__NR_signalfd4 = 74, __NR_splice = 76, __NR_exit_group = 94,
	__NR_clock_gettime = 113, __NR_kill = 129, __NR_rt_sigaction = 134, __NR_rt_sigprocmask = 135, __NR_rt_sigtimedwait = 137,
	__NR_setresuid = 147, __NR_setresgid = 149, __NR_setpgid = 154, __NR_setsid = 157, __NR_setgroups = 159, __NR_prctl = 167,
	__NR_getpid = 172, __NR_socket = 198, __NR_socketpair = 199, __NR_connect = 203, __NR_sendto = 206, __NR_recvfrom = 207,
	__NR_setsockopt = 208, __NR_getsockopt = 209, __NR_shutdown = 210, __NR_sendmsg = 211, __NR_recvmsg = 212, __NR_clone = 220, __NR_execve = 221, __NR_mmap = 222, __NR_accept4 = 242, __NR_wait4 = 260,
	__NR_prlimit64 = 261,
};
#endif
