// Who answers in a conversation: the text tracker, on a thread of its own, so that a long answer delays neither typing
// nor the reading of sound.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "app/conversation/dialogue.h"
#include "app/session/job_thread.h"

namespace catena::app {

/// Called on the answers' thread. Each ask() ends with complete().
struct AnswerEvents {
  std::function<void(std::uint64_t number)> first_token;
  std::function<void(std::uint64_t number, const std::string& sentence)> sentence;
  std::function<void(std::uint64_t number)> complete;
  std::function<void(const std::string& line)> failed;  ///< one line; of a model that cannot be loaded once
  /// As Dialogue::on_read; may be empty.
  std::function<void(std::int64_t place, std::span<const model::Token> tokens)> reads = {};
};

/// From any thread; no call waits.
class AnswerService {
 public:
  explicit AnswerService(AnswerEvents events);
  ~AnswerService();

  /// Another model folder, with which the conversation begins anew when it is first needed, or by prepare(). One that
  /// cannot be loaded leaves the old one in use.
  void load(const std::filesystem::path& folder);
  void prepare();

  /// As Dialogue::answer(). A question that waits or is being answered is not wanted any more.
  void ask(std::uint64_t number, const std::string& question);
  /// The answer ends within a token.
  void cancel(std::uint64_t number);
  /// As Dialogue.
  void settle(const std::string& heard);
  void note(const std::string& question, const std::string& answer);

  /// Carried from turn to turn; 0 before the first.
  std::size_t state_bytes() const { return state_bytes_; }
  /// Ends the thread within a token.
  void stop();

 private:
  /// Null when there is none, which has been told.
  Dialogue* dialogue();

  AnswerEvents events_;
  std::filesystem::path folder_;  // of the answers' thread, as what follows
  std::unique_ptr<Dialogue> dialogue_;
  bool tried_ = false;  // to load that folder
  std::atomic<std::uint64_t> wanted_{0};  // number of the question whose answer is wanted
  std::atomic<std::size_t> state_bytes_{0};
  JobThread jobs_;  // last: it ends before what it uses
};

}  // namespace catena::app
