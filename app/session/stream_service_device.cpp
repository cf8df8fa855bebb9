// On which device the streams are read, and what happens when it is not to be had, or fails while it reads: all goes on
// on the CPU with one notice. A state that the device still gives back is carried over; what was being read when it
// failed, and what it does not give back, is read again from the text, which never left the CPU.
#include <stdexcept>
#include <utility>

#include "app/session/stream_service.h"

namespace catena::app {
namespace {

bool on_cpu(const model::ExecutorOptions& options) { return options.device == model::Device::cpu; }

}  // namespace

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

std::shared_ptr<model::Executor> StreamService::executor_or_cpu(const model::TextModel& model,
                                                                ui::ChunkSettings& settings) {
  try {
    return make_executor(model.weights(), to_executor_options(settings));
  } catch (const std::exception& error) {
    if (on_cpu(to_executor_options(settings))) throw;
    settings.device = ui::Device::cpu;
    tell_of_device("The model is read on the CPU", error.what());
    return make_executor(model.weights(), to_executor_options(settings));
  }
}

void StreamService::tell_of_device(const std::string& what, const std::string& why) {
  events_.notice({ui::Panel::editor, QString::fromStdString(what + ": " + first_line(why)), {}, {}, false});
}

void StreamService::change_executor(const ui::ChunkSettings& settings) {
  std::shared_ptr<model::Executor> executor = make_executor(model_->weights(), to_executor_options(settings));
  if (on_cpu(executor->options())) return go_on_with(std::move(executor));
  try {
    for (auto& [id, document] : documents_) document.streams->move_to(executor);
  } catch (const std::exception&) {
    go_on_with(executor_);  // some have moved
    throw;
  }
  projects_.move_to(executor);
  executor_ = std::move(executor);
}

void StreamService::go_on_with(std::shared_ptr<model::Executor> executor) {
  executor_ = std::move(executor);
  projects_.move_to(executor_);
  for (auto& [id, document] : documents_) {
    try {
      if (document.streams->attached()) {
        document.streams->move_to(executor_);
        document.streams->set_settings(to_stream_settings(settings_, model_->config()));
        continue;
      }
    } catch (const std::exception&) {
      // The device does not give its state back.
    }
    attach(id, document);
    if (id == active_) tell_stream();
  }
  watch_active();
}

bool StreamService::fall_back(const std::string& why) {
  if (executor_ == nullptr || on_cpu(executor_->options())) return false;
  const std::string device = to_string(executor_->options().device);
  const ui::ChunkSettings before = settings_;
  settings_.device = ui::Device::cpu;
  go_on_with(make_executor(model_->weights(), to_executor_options(settings_)));
  SettingsWatch::immediate(before, settings_, events_.setting_took_effect);
  events_.settings_refused(settings_);
  tell_of_device("Device '" + device + "' failed and reading goes on on the CPU, nothing is lost", why);
  return true;
}

void StreamService::failed(const std::string& line) {
  bool fallen_back = false;
  try {
    fallen_back = fall_back(line);
  } catch (const std::exception& error) {
    events_.notice({ui::Panel::editor, QString::fromStdString(first_line(error.what())), {}, {}, false});
  }
  if (!fallen_back) events_.notice({ui::Panel::editor, QString::fromStdString(first_line(line)), {}, {}, false});
  if (fallen_back) post_([] {});  // what an idle slice began goes on
}

}  // namespace catena::app
