#include "aws/socket_set.h"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

#include "base/error.h"

namespace ddbvault {

SocketSet::SocketSet() : epoll_(epoll_create1(EPOLL_CLOEXEC)) {
  if (epoll_ < 0) throw Error(Reaction::kRetryLater, "no resources for network connections");
}

SocketSet::~SocketSet() { close(epoll_); }

int SocketSet::Open(int family, int type, int protocol) {
  const int socket = ::socket(family, type | SOCK_CLOEXEC, protocol);
  if (socket >= 0) At(socket) = Socket{0, true, false};
  return socket;
}

int SocketSet::Close(int socket) {
  At(socket) = Socket{};
  return close(socket);
}

void SocketSet::Want(int socket, std::uint32_t events) {
  At(socket).wanted = true;
  Watch(socket, events);
}

void SocketSet::Release(int socket) {
  // A kept connection stays in the set: its next request wants the same events again.
  Socket& known = At(socket);
  known.wanted = false;
  if (!known.ours || (known.registered & EPOLLOUT) != 0) Watch(socket, 0);
}

SocketSet::Socket& SocketSet::At(int socket) {
  const auto index = static_cast<std::size_t>(socket);
  if (index >= sockets_.size()) sockets_.resize(index + 1);
  return sockets_[index];
}

void SocketSet::Watch(int socket, std::uint32_t events) {
  Socket& known = At(socket);
  if (known.registered == events) return;
  epoll_event event{};
  event.events = events;
  event.data.fd = socket;
  if (events == 0) {
    epoll_ctl(epoll_, EPOLL_CTL_DEL, socket, nullptr);
  } else if (epoll_ctl(epoll_, known.registered == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, socket,
                       &event) != 0) {
    // The kernel forgets a socket when it is closed: what we remember may be of an older one.
    epoll_ctl(epoll_, errno == EEXIST ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, socket, &event);
  }
  known.registered = events;
}

}  // namespace ddbvault
