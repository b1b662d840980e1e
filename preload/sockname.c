/* SPDX-License-Identifier: MIT */
/* sockname.c: see sockname.h. */
#include "preload/sockname.h"

#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <sys/un.h>

#include "preload/raw.h"

/* Identities that are hashes are told from inodes by it. */
#define HASHED (UINT64_C(1) << 63)

static uint64_t hash(uint64_t h, const void *bytes, size_t n)
{
	const uint8_t *p = bytes;

	for (size_t i = 0; i < n; i++) /* FNV-1a */
		h = (h ^ p[i]) * UINT64_C(0x100000001b3);
	return h;
}
#define HASH_BEGIN UINT64_C(0xcbf29ce484222325)

static int option(int fd, int name)
{
	int value = 0;
	socklen_t size = sizeof(value);

	return ws_raw_syscall6(SYS_getsockopt, fd, SOL_SOCKET, name, (long)&value, (long)&size,
			       0) == 0
		       ? value
		       : 0;
}

static socklen_t address_of(int fd, long call, struct sockaddr_storage *ret)
{
	socklen_t size = sizeof(*ret);

	memset(ret, 0, sizeof(*ret));
	if (ws_raw_syscall(call, fd, (long)ret, (long)&size, 0) != 0)
		return 0;
	return size < sizeof(*ret) ? size : sizeof(*ret);
}

/* An IPv4 or IPv6 address in one form: a v4 address is written as v6 has it. */
struct endpoint {
	uint8_t address[16];
	uint16_t port; /* network order */
} __attribute__((packed));

static bool endpoint(const struct sockaddr_storage *address, struct endpoint *ret)
{
	memset(ret, 0, sizeof(*ret));
	if (address->ss_family == AF_INET) {
		const struct sockaddr_in *in = (const struct sockaddr_in *)address;

		ret->address[10] = ret->address[11] = 0xff;
		memcpy(ret->address + 12, &in->sin_addr, 4);
		ret->port = in->sin_port;
		return true;
	}
	if (address->ss_family == AF_INET6) {
		const struct sockaddr_in6 *in = (const struct sockaddr_in6 *)address;

		memcpy(ret->address, &in->sin6_addr, 16);
		ret->port = in->sin6_port;
		return true;
	}
	return false;
}

struct diag_request {
	struct nlmsghdr header;
	struct unix_diag_req request;
};

/* What unix_diag tells of a Unix socket. */
struct unix_told {
	uint64_t peer;   /* inode of the socket that it is connected to; 0: none or not told */
	uint64_t device; /* of the file that it is bound to, its name may be gone; as stat() has it
			  */
	uint64_t inode;  /* the same; 0: none or not told */
};

/* Asks for what `show` (UDIAG_SHOW_*) says of the socket `inode`. */
static struct unix_told ask_unix(int netlink, uint64_t inode, uint32_t show)
{
	struct unix_told told = { 0 };
	struct diag_request request = {
		.header = { .nlmsg_len = sizeof(request),
			    .nlmsg_type = SOCK_DIAG_BY_FAMILY,
			    .nlmsg_flags = NLM_F_REQUEST },
		.request = { .sdiag_family = AF_UNIX,
			     .udiag_states = ~0u,
			     .udiag_ino = (uint32_t)inode,
			     .udiag_show = show,
			     .udiag_cookie = { ~0u, ~0u } },
	};
	union {
		struct nlmsghdr header;
		char bytes[1024];
	} answer;

	if (ws_raw_syscall6(SYS_sendto, netlink, (long)&request, sizeof(request), 0, 0, 0) < 0)
		return told;

	/* The kernel has answered by the time that sendto() returns: nothing is waited for. */
	long n = ws_raw_syscall6(SYS_recvfrom, netlink, (long)&answer, sizeof(answer), MSG_DONTWAIT,
				 0, 0);
	const size_t body = NLMSG_HDRLEN + NLMSG_ALIGN(sizeof(struct unix_diag_msg));

	if (n < (long)body || answer.header.nlmsg_type != SOCK_DIAG_BY_FAMILY)
		return told;
	for (size_t at = body; at + NLA_HDRLEN <= (size_t)n;) {
		const struct nlattr *a = (const struct nlattr *)(answer.bytes + at);

		if (a->nla_len < NLA_HDRLEN)
			break;
		if (a->nla_type == UNIX_DIAG_PEER) {
			uint32_t peer;

			memcpy(&peer, answer.bytes + at + NLA_HDRLEN, sizeof(peer));
			told.peer = peer;
		} else if (a->nla_type == UNIX_DIAG_VFS) {
			struct unix_diag_vfs file;

			memcpy(&file, answer.bytes + at + NLA_HDRLEN, sizeof(file));
			told.inode = file.udiag_vfs_ino;
			/* The kernel's own form: 12 bits of the major number, 20 of the minor. */
			told.device =
				makedev(file.udiag_vfs_dev >> 20, file.udiag_vfs_dev & 0xfffff);
		}
		at += NLA_ALIGN(a->nla_len);
	}
	return told;
}

static uint64_t unix_peer(int netlink, uint64_t inode)
{
	return ask_unix(netlink, inode, UDIAG_SHOW_PEER).peer;
}

/* A socket by its file, as long as that has a name. */
static uint64_t hash_of_file(uint64_t device, uint64_t inode)
{
	uint64_t h = hash(HASH_BEGIN, &device, sizeof(device));

	return hash(h, &inode, sizeof(inode)) | HASHED;
}

static uint64_t queue_at(uint64_t listener)
{
	static const char datagrams[] = "datagrams";

	return listener ? hash(listener, datagrams, sizeof(datagrams)) | HASHED : 0;
}

/* What gets the datagrams that are sent to this end, or to the other one. 0: it has no address. */
static uint64_t queue_of(int fd, long call)
{
	struct sockaddr_storage address;
	socklen_t size = address_of(fd, call, &address);

	return ws_socket_queue(&address, size);
}

/* The same of a Unix socket whose name may be gone: the kernel knows the file. */
static uint64_t unnamed_queue(int netlink, uint64_t inode)
{
	struct unix_told told = ask_unix(netlink, inode, UDIAG_SHOW_VFS);

	return told.inode ? queue_at(hash_of_file(told.device, told.inode)) : 0;
}

static void look_at_unix(int fd, uint64_t inode, struct ws_socket *ret)
{
	long netlink = ws_raw_syscall(SYS_socket, AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC,
				      NETLINK_SOCK_DIAG, 0);

	if (netlink < 0)
		return;

	uint64_t peer = unix_peer((int)netlink, inode);

	if (peer && ret->packets && unix_peer((int)netlink, peer) != inode) {
		/* It sends to one that does not answer by itself: that is the object. */
		uint64_t queue = queue_of(fd, SYS_getpeername);

		if (!queue)
			queue = unnamed_queue((int)netlink, peer);
		ret->object = queue ? queue : peer;
		ret->second = true;
	} else if (!peer && ret->packets) {
		uint64_t queue = queue_of(fd, SYS_getsockname);

		if (!queue)
			queue = unnamed_queue((int)netlink, inode);
		ret->object = queue ? queue : inode;
	} else if (peer) {
		ret->object = inode < peer ? inode : peer;
		ret->second = inode > peer;
	}
	ws_raw_close((int)netlink);
}

void ws_socket_look(int fd, uint64_t inode, struct ws_socket *ret)
{
	struct sockaddr_storage own, other;
	struct endpoint a, b;
	int domain = option(fd, SO_DOMAIN);
	int type = option(fd, SO_TYPE);

	*ret = (struct ws_socket){ .object = inode, .packets = type != SOCK_STREAM };
	if (!ret->packets && option(fd, SO_ACCEPTCONN)) {
		socklen_t size = address_of(fd, SYS_getsockname, &own);
		uint64_t listener = ws_socket_listener(&own, size);

		ret->listens = true;
		ret->object = listener ? listener : inode;
		return;
	}
	if (domain == AF_UNIX) {
		look_at_unix(fd, inode, ret);
		return;
	}
	if (domain != AF_INET && domain != AF_INET6)
		return;
	if (!address_of(fd, SYS_getpeername, &other)) {
		uint64_t queue = ret->packets ? queue_of(fd, SYS_getsockname) : 0;

		ret->object = queue ? queue : inode;
		return;
	}
	if (!address_of(fd, SYS_getsockname, &own) || !endpoint(&own, &a) || !endpoint(&other, &b))
		return;

	int order = memcmp(&a, &b, sizeof(a));
	uint64_t h = hash(HASH_BEGIN, &type, sizeof(type));

	h = hash(h, order < 0 ? &a : &b, sizeof(a));
	h = hash(h, order < 0 ? &b : &a, sizeof(a));
	ret->object = h | HASHED;
	ret->second = order > 0;
	ret->to_address = ret->packets;
}

uint64_t ws_socket_listener(const struct sockaddr_storage *address, socklen_t size)
{
	static const uint8_t v4[12] = { [10] = 0xff, [11] = 0xff };
	static const uint8_t v6_loopback[16] = { [15] = 1 };
	static const uint8_t any[16] = { 0 };
	struct endpoint e;
	uint64_t h = HASH_BEGIN;

	if (size <= sizeof(sa_family_t))
		return 0;
	if (address->ss_family == AF_UNIX) {
		const struct sockaddr_un *un = (const struct sockaddr_un *)address;
		struct stat st;

		if (!un->sun_path[0]) /* abstract: the name is all of it */
			return hash(h, un->sun_path,
				    size - offsetof(struct sockaddr_un, sun_path)) |
			       HASHED;

		char path[sizeof(*address)];

		memcpy(path, un->sun_path, sizeof(un->sun_path));
		path[sizeof(un->sun_path)] = '\0';
		if (ws_raw_stat(path, &st) != 0)
			return 0;
		return hash_of_file(st.st_dev, st.st_ino);
	}
	if (!endpoint(address, &e))
		return 0;

	bool is_v4 = memcmp(e.address, v4, sizeof(v4)) == 0;
	static const uint8_t v4_any[4] = { 0 };

	if (!(is_v4 && (e.address[12] == 127 || memcmp(e.address + 12, v4_any, 4) == 0)) &&
	    memcmp(e.address, v6_loopback, 16) != 0 && memcmp(e.address, any, 16) != 0)
		/* One address of this machine, or another's: by both, for only the same is it. */
		h = hash(h, e.address, sizeof(e.address));
	return hash(h, &e.port, sizeof(e.port)) | HASHED;
}

uint64_t ws_socket_queue(const struct sockaddr_storage *address, socklen_t size)
{
	struct endpoint e;

	if (endpoint(address, &e) && !e.port)
		return 0; /* nothing can be sent to it yet */
	return queue_at(ws_socket_listener(address, size));
}

uint64_t ws_socket_peer_queue(int fd)
{
	return queue_of(fd, SYS_getpeername);
}

bool ws_socket_connect_waits(int fd)
{
	int type = option(fd, SO_TYPE);

	return (type == SOCK_STREAM || type == SOCK_SEQPACKET) &&
	       !(ws_raw_fcntl(fd, F_GETFL, 0) & O_NONBLOCK);
}

/* Decimal, at the end of `to`, which has room for it. */
static char *put_number(char *to, unsigned int number)
{
	char digits[12];
	int n = 0;

	do
		digits[n++] = (char)('0' + number % 10);
	while (number /= 10);
	while (n)
		*to++ = digits[--n];
	return to;
}

static char *put_text(char *to, const char *text)
{
	while (*text)
		*to++ = *text++;
	return to;
}

/* `to` has room for 80 bytes. */
static void put_inet(const struct endpoint *e, bool packets, char *to)
{
	static const uint8_t v4[12] = { [10] = 0xff, [11] = 0xff };
	static const char hex[] = "0123456789abcdef";

	to = put_text(to, packets ? "udp " : "tcp ");
	if (memcmp(e->address, v4, sizeof(v4)) == 0) {
		for (int i = 12; i < 16; i++) {
			to = put_number(to, e->address[i]);
			*to++ = i < 15 ? '.' : ':';
		}
	} else {
		*to++ = '[';
		for (int i = 0; i < 16; i += 2) {
			unsigned int group = (unsigned int)(e->address[i] << 8 | e->address[i + 1]);
			bool begun = false;

			for (int shift = 12; shift >= 0; shift -= 4) {
				unsigned int digit = group >> shift & 15;

				begun = begun || digit || shift == 0;
				if (begun)
					*to++ = hex[digit];
			}
			*to++ = i < 14 ? ':' : ']';
		}
		*to++ = ':';
	}
	to = put_number(to, ntohs(e->port));
	*to = '\0';
}

static bool put_address(const struct sockaddr_storage *address, socklen_t n, bool packets,
			char *buffer, size_t size)
{
	struct endpoint e;

	if (address->ss_family == AF_UNIX) {
		const struct sockaddr_un *un = (const struct sockaddr_un *)address;
		size_t length = n > offsetof(struct sockaddr_un, sun_path)
					? n - offsetof(struct sockaddr_un, sun_path)
					: 0;
		char *to = buffer;

		if (!length || size < length + sizeof("unix @"))
			return false;
		to = put_text(to, "unix ");
		for (size_t i = 0; i < length && (i == 0 || un->sun_path[i]); i++)
			*to++ = un->sun_path[i] ? un->sun_path[i] : '@';
		*to = '\0';
		return true;
	}
	if (size < 80 || !endpoint(address, &e) || !e.port)
		return false;
	put_inet(&e, packets, buffer);
	return true;
}

static bool name_by(int fd, long call, char *buffer, size_t size)
{
	struct sockaddr_storage address;
	socklen_t n = address_of(fd, call, &address);

	return put_address(&address, n, option(fd, SO_TYPE) != SOCK_STREAM, buffer, size);
}

void ws_socket_listener_name(const struct sockaddr_storage *address, socklen_t size, char *buffer,
			     size_t buffer_size)
{
	static const char listening[] = " (listening)";

	if (buffer_size > sizeof(listening) &&
	    put_address(address, size, false, buffer, buffer_size - sizeof(listening)))
		strcat(buffer, listening);
	else
		buffer[0] = '\0';
}

void ws_socket_name(int fd, bool accepted, char *buffer, size_t size)
{
	buffer[0] = '\0';
	if (accepted && name_by(fd, SYS_getsockname, buffer, size))
		return;
	if (name_by(fd, SYS_getpeername, buffer, size))
		return;
	name_by(fd, SYS_getsockname, buffer, size);
}
