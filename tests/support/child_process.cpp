#include "tests/support/child_process.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <utility>

namespace ddbvault {
namespace {

[[noreturn]] void ThrowErrno(const std::string& what) {
  throw std::runtime_error(what + ": " + std::strerror(errno));
}

struct Pipe {
  int read = -1;
  int write = -1;
};

Pipe MakePipe() {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) ThrowErrno("pipe2");
  return {ends[0], ends[1]};
}

std::vector<char*> Pointers(std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  for (std::string& string : strings) pointers.push_back(string.data());
  pointers.push_back(nullptr);
  return pointers;
}

std::vector<std::string> EnvironmentOf(const std::map<std::string, std::string>& env) {
  std::vector<std::string> strings;
  for (const char* name : {"PATH", "ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS"}) {
    const char* value = std::getenv(name);
    if (value != nullptr && !env.contains(name)) {
      strings.push_back(std::string(name) + "=" + value);
    }
  }
  for (const auto& [name, value] : env) strings.push_back(name + "=" + value);
  return strings;
}

// Runs in the child, between fork and exec: only what is safe there, no memory is allocated.
// What goes wrong is reported through `failure` as an errno.
[[noreturn]] void Exec(pid_t parent, const char* directory, int out, int err, int failure,
                       char* const* argv, char* const* env) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  const int null = open("/dev/null", O_RDONLY);
  if (getppid() == parent && null >= 0 && dup2(null, STDIN_FILENO) >= 0 &&
      dup2(out, STDOUT_FILENO) >= 0 && dup2(err, STDERR_FILENO) >= 0 &&
      (*directory == '\0' || chdir(directory) == 0)) {
    execvpe(argv[0], argv, env);
  }
  const int error = errno;
  [[maybe_unused]] const ssize_t written = write(failure, &error, sizeof error);
  _exit(127);
}

// Time left until `end`, for poll(); never negative, which would mean forever.
int MillisecondsUntil(std::chrono::steady_clock::time_point end) {
  const auto left =
      std::chrono::ceil<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
  return left.count() > 0 ? static_cast<int>(left.count()) : 0;
}

}  // namespace

ChildProcess::ChildProcess(std::vector<std::string> argv,
                           const std::map<std::string, std::string>& env,
                           const std::filesystem::path& directory)
    : argv_(std::move(argv)) {
  if (argv_.empty()) throw std::runtime_error("ChildProcess: no program named");
  Start(env, directory);
  reader_ = std::thread([this] { ReadOutputs(); });
}

void ChildProcess::Start(const std::map<std::string, std::string>& env,
                         const std::filesystem::path& directory) {
  std::vector<std::string> env_strings = EnvironmentOf(env);
  const std::vector<char*> argv = Pointers(argv_);
  const std::vector<char*> envp = Pointers(env_strings);
  const Pipe out = MakePipe();
  const Pipe err = MakePipe();
  const Pipe failure = MakePipe();
  const pid_t parent = getpid();

  pid_ = fork();
  if (pid_ < 0) ThrowErrno("fork");
  if (pid_ == 0) {
    Exec(parent, directory.c_str(), out.write, err.write, failure.write, argv.data(), envp.data());
  }
  close(out.write);
  close(err.write);
  close(failure.write);
  stdout_.fd = out.read;
  stderr_.fd = err.read;

  int error = 0;
  const ssize_t got = read(failure.read, &error, sizeof error);
  close(failure.read);
  if (got > 0) {
    waitpid(pid_, nullptr, 0);
    close(stdout_.fd);
    close(stderr_.fd);
    throw std::runtime_error("cannot run " + argv_[0] + ": " + std::strerror(error));
  }
  pidfd_ = static_cast<int>(syscall(SYS_pidfd_open, pid_, 0));
  if (pidfd_ < 0) ThrowErrno("pidfd_open");
}

ChildProcess::~ChildProcess() {
  if (running()) {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  reader_.join();
  close(pidfd_);
  close(stdout_.fd);
  close(stderr_.fd);
}

void ChildProcess::ReadOutputs() {
  const std::array<Output*, 2> outputs{&stdout_, &stderr_};
  std::array<pollfd, 2> polled{pollfd{stdout_.fd, POLLIN, 0}, pollfd{stderr_.fd, POLLIN, 0}};
  std::size_t open = outputs.size();
  std::vector<char> buffer(64 * 1024);
  while (open > 0) {
    if (poll(polled.data(), polled.size(), -1) < 0) continue;  // a signal to the test program
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      if (polled[i].revents == 0) continue;
      const ssize_t got = read(polled[i].fd, buffer.data(), buffer.size());
      if (got < 0 && errno == EINTR) continue;
      const std::lock_guard lock(mutex_);
      if (got > 0) {
        outputs[i]->text.append(buffer.data(), static_cast<std::size_t>(got));
      } else {
        outputs[i]->closed = true;
        polled[i].fd = -1;  // poll() passes over it
        --open;
      }
      changed_.notify_all();
    }
  }
}

std::string ChildProcess::WaitForStdoutLine(std::string_view text, Duration deadline) {
  return WaitForLine(stdout_, text, deadline);
}

std::string ChildProcess::WaitForStderrLine(std::string_view text, Duration deadline) {
  return WaitForLine(stderr_, text, deadline);
}

std::string ChildProcess::WaitForLine(Output& output, std::string_view text, Duration deadline) {
  const auto end = std::chrono::steady_clock::now() + deadline;
  std::string why;
  {
    std::unique_lock lock(mutex_);
    for (;;) {
      for (std::size_t newline = output.text.find('\n', output.searched);
           newline != std::string::npos; newline = output.text.find('\n', output.searched)) {
        std::string line = output.text.substr(output.searched, newline - output.searched);
        output.searched = newline + 1;
        if (line.find(text) != std::string::npos) return line;
      }
      if (output.closed) {
        why = "ended";
        break;
      }
      // Output that arrived with the deadline still counts: the scan runs once more.
      if (!why.empty()) break;
      if (changed_.wait_until(lock, end) == std::cv_status::timeout) why = "deadline passed";
    }
  }
  Fail(why + " before a line with \"" + std::string(text) + "\"");
}

void ChildProcess::Signal(int signal) {
  if (running()) kill(pid_, signal);
}

void ChildProcess::Kill() {
  Signal(SIGKILL);
  Wait(std::chrono::seconds(30));
}

bool ChildProcess::running() { return !WaitForEnd(Duration::zero()); }

bool ChildProcess::WaitForEnd(Duration deadline) {
  if (status_) return true;
  const auto end = std::chrono::steady_clock::now() + deadline;
  pollfd polled{pidfd_, POLLIN, 0};
  int ready = 0;
  do {
    ready = poll(&polled, 1, MillisecondsUntil(end));
  } while (ready < 0 && errno == EINTR);
  if (ready <= 0) return false;
  int status = 0;
  if (waitpid(pid_, &status, 0) != pid_) ThrowErrno("waitpid");
  status_ = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  return true;
}

int ChildProcess::Wait(Duration deadline) {
  const auto end = std::chrono::steady_clock::now() + deadline;
  if (!WaitForEnd(deadline)) Fail("deadline passed before it ended");
  bool closed = false;
  {
    std::unique_lock lock(mutex_);
    closed = changed_.wait_until(lock, end, [this] { return stdout_.closed && stderr_.closed; });
  }
  if (!closed) Fail("it ended, but something it started keeps its output open");
  return *status_;
}

std::string ChildProcess::stdout_text() const {
  const std::lock_guard lock(mutex_);
  return stdout_.text;
}

std::string ChildProcess::stderr_text() const {
  const std::lock_guard lock(mutex_);
  return stderr_.text;
}

void ChildProcess::Fail(const std::string& what) const {
  std::string text = what + ":";
  for (const std::string& argument : argv_) text += " " + argument;
  text += status_ ? "\nexit status " + std::to_string(*status_) : "\nstill running";
  text += "\n--- stdout\n" + stdout_text() + "\n--- stderr\n" + stderr_text();
  throw std::runtime_error(text);
}

}  // namespace ddbvault
