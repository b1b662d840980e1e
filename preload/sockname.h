/* SPDX-License-Identifier: MIT */
/* sockname.h: who a socket is, so that both of its ends are one object in every process.
 *
 * Each end has an inode of its own. A Unix socket's peer is asked of the kernel by its inode
 * (unix_diag over netlink, for which no privilege is needed); the object is the lower of the two. A
 * TCP connection, and a connected UDP socket, is its pair of addresses, which both ends see, put in
 * order and hashed. What has no peer, or one that is not told, stands for itself.
 *
 * Listeners have a port or a path, by which those who connect name them. So has a socket that gets
 * datagrams from whoever sends to its address, and stands for what is sent there.
 *
 * Rules: no malloc, errno stays; only where system calls of ours are safe (ws_sandboxed).
 */
#ifndef WS_SOCKNAME_H
#define WS_SOCKNAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "preload/waiters.h"
#include "tracepoints/kinds.h"

struct ws_socket {
	uint64_t object; /* identity in events; 0: not a socket */
	bool second;     /* it is the second of the two ends, whichever that is */
	bool packets;    /* it has message boundaries */
	bool listens;    /* connections are accepted from it */
	bool to_address; /* what it sends goes to an address: it is UDP's, and connected */
};

/* What the socket `fd`, whose inode is `inode`, is now. */
void ws_socket_look(int fd, uint64_t inode, struct ws_socket *ret);

/* The identity of the listener at an address as connect() is given it, or a socket's own address
 * as getsockname() gives it; 0: none, or it is on another machine. `address` has been copied from
 * the program. */
uint64_t ws_socket_listener(const struct sockaddr_storage *address, socklen_t size);

/* The same of what gets the datagrams that are sent to an address. */
uint64_t ws_socket_queue(const struct sockaddr_storage *address, socklen_t size);

/* The same of the address that the socket is connected to; 0: it has none. */
uint64_t ws_socket_peer_queue(int fd);

/* What waits for datagrams is counted by this, too, from the first wait in the recording on:
 * whoever sends one looks for the address only then. */
#define WS_DATAGRAMS_KEY ws_waiters_key(WS_KIND_SOCKET, 0, 0, false)

/* True if connect() on it may wait for the other end: it is for connections, and blocks. */
bool ws_socket_connect_waits(int fd);

/* How the listener at that address is called, as ws_socket_name() has it; empty: it has no name. */
void ws_socket_listener_name(const struct sockaddr_storage *address, socklen_t size, char *buffer,
			     size_t buffer_size);

/* "tcp 127.0.0.1:80", "unix /run/x", "unix @x": by the address of its own end, if `accepted`, or of
 * the other; empty: neither has one. */
void ws_socket_name(int fd, bool accepted, char *buffer, size_t size);

#endif
