#include "app/session/answer_service.h"

#include <utility>

namespace catena::app {

AnswerService::AnswerService(AnswerEvents events) : events_(std::move(events)) {
  jobs_.start([this](const std::string& line) { events_.failed(line); });
}

AnswerService::~AnswerService() { stop(); }

void AnswerService::stop() {
  wanted_ = 0;
  jobs_.stop();
}

void AnswerService::load(const std::filesystem::path& folder) {
  jobs_.post([this, folder] {
    folder_ = folder;
    tried_ = false;
  });
}

void AnswerService::prepare() {
  jobs_.post([this] { dialogue(); });
}

Dialogue* AnswerService::dialogue() {
  if (std::exchange(tried_, true)) return dialogue_.get();
  try {
    dialogue_ = std::make_unique<Dialogue>(model::TextModel::load(folder_), model::ExecutorOptions{});
    dialogue_->on_read = events_.reads;
    state_bytes_ = dialogue_->state_bytes();
  } catch (const std::exception& error) {
    events_.failed(std::string(error.what()) +
                   (dialogue_ ? "; the old model answers" : "; until then only facts and commands are answered"));
  }
  return dialogue_.get();
}

void AnswerService::ask(std::uint64_t number, const std::string& question) {
  wanted_ = number;
  jobs_.post([this, number, question] {
    // The question is read even when its answer is not wanted any more: settle() goes on from there.
    if (Dialogue* who = dialogue()) {
      try {
        who->answer(
            question,
            [&](const std::string& sentence) {
              if (wanted_ != number) return false;
              events_.sentence(number, sentence);
              return true;
            },
            [&](int tokens) {
              if (tokens == 1) events_.first_token(number);
              return wanted_ == number;
            });
      } catch (const std::exception& error) {
        events_.failed(error.what());
      }
    }
    events_.complete(number);
  });
}

void AnswerService::cancel(std::uint64_t number) {
  std::uint64_t expected = number;
  wanted_.compare_exchange_strong(expected, 0);
}

void AnswerService::settle(const std::string& heard) {
  jobs_.post([this, heard] {
    if (Dialogue* who = dialogue()) who->settle(heard);
  });
}

void AnswerService::note(const std::string& question, const std::string& answer) {
  jobs_.post([this, question, answer] {
    if (Dialogue* who = dialogue()) who->note(question, answer);
  });
}

}  // namespace catena::app
