// The sockets of an HTTP client in an epoll set of their own, which an event loop watches as one
// descriptor: a kept connection stays in the set from one request to the next.
//
// For one thread.
#pragma once

#include <sys/epoll.h>

#include <array>
#include <cstdint>
#include <vector>

namespace ddbvault {

class SocketSet {
 public:
  SocketSet();  // throws Error{kRetryLater} when the system has no descriptor left
  ~SocketSet();
  SocketSet(const SocketSet&) = delete;
  SocketSet& operator=(const SocketSet&) = delete;

  // As socket() and close(): those that are opened here are known to close here.
  int Open(int family, int type, int protocol);
  int Close(int socket);

  // A request waits for these events (EPOLLIN, EPOLLOUT) of the socket.
  void Want(int socket, std::uint32_t events);
  // None does any more.
  void Release(int socket);

  // Readable while ForEachReady() has something to say.
  int descriptor() const { return epoll_; }
  // visit(socket, events) for those that are wanted at that moment.
  template <typename Visit>
  void ForEachReady(Visit visit) {
    std::array<epoll_event, 256> events{};
    const int count = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), 0);
    for (int i = 0; i < count; ++i) {
      const epoll_event& event = events[static_cast<std::size_t>(i)];
      if (At(event.data.fd).wanted) {
        visit(event.data.fd, event.events);
      } else {  // a kept connection that the server has closed
        Watch(event.data.fd, 0);
      }
    }
  }

 private:
  // What the epoll set has been told about a socket, by number.
  struct Socket {
    std::uint32_t registered = 0;  // events in the epoll set; 0: not in it
    bool ours = false;             // opened here: it is also seen to close
    bool wanted = false;           // a request waits for it now
  };
  Socket& At(int socket);
  void Watch(int socket, std::uint32_t events);

  int epoll_ = -1;
  std::vector<Socket> sockets_;
};

}  // namespace ddbvault
