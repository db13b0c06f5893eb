#pragma once
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <functional>
#include <string>
#include <vector>

#include "tensor/io/file.h"

namespace kintsugi {

/// `glcic` in a process of its own: this program, started anew with "glcic" as its first word.
class Child {
 public:
  /// What the command says goes into the file `log`. `prepare` runs in the child, before glcic.
  Child(const std::vector<std::string>& words, const std::string& log,
        const std::function<void()>& prepare = {})
      : log_(log) {
    std::vector<const char*> argv{"tests", "glcic"};
    for (const std::string& word : words) argv.push_back(word.c_str());
    argv.push_back(nullptr);
    const int file = ::open(log.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    pid_ = ::fork();
    if (pid_ != 0) {
      ::close(file);
      return;
    }
    ::dup2(file, STDOUT_FILENO);
    ::dup2(file, STDERR_FILENO);
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (prepare) prepare();
    ::execv("/proc/self/exe", const_cast<char* const*>(argv.data()));
    ::_exit(127);
  }
  ~Child() {
    signal(SIGKILL);
    wait();
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  /// Nothing happens where it has ended and was waited for.
  void signal(int number) const {
    if (pid_ > 0) ::kill(pid_, number);
  }
  /// Its exit status; minus the number of the signal that killed it.
  int wait() {
    if (pid_ <= 0) return status_;
    int state = 0;
    ::waitpid(pid_, &state, 0);
    pid_ = 0;
    status_ = WIFEXITED(state) ? WEXITSTATUS(state) : -WTERMSIG(state);
    return status_;
  }
  bool has_ended() {
    siginfo_t info{};
    ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT);
    return info.si_pid != 0;
  }
  /// What it has said so far.
  std::string output() const { return read_file(log_); }

 private:
  std::string log_;
  pid_t pid_ = 0;
  int status_ = 0;
};

}  // namespace kintsugi
