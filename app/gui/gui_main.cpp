#include "app/gui/gui_main.h"

#include <QFileDialog>
#include <QFileInfo>
#include <QSettings>
#include <QStandardPaths>
#include <memory>

#include "app/assets_folder.h"
#include "app/gui/application.h"
#include "app/session/session.h"
#include "model/runtime/kernels/kernels.h"
#include "ui/main_window.h"

namespace catena::app {
namespace {

constexpr const char* model_setting = "model_folder";

QSettings settings() { return QSettings(QStringLiteral("catena"), QStringLiteral("catena")); }

/// The model to load. A folder that is missing is named all the same: loading it says what is wrong and what to do.
std::filesystem::path find_model(const std::filesystem::path& chosen) {
  if (!chosen.empty()) return chosen;
  const std::filesystem::path last = settings().value(model_setting).toString().toStdString();
  std::error_code error;
  if (!last.empty() && std::filesystem::is_directory(last, error)) return last;
  try {
    return model_folder();
  } catch (const std::runtime_error&) {
    return default_model;
  }
}

std::filesystem::path find_reader() {
  try {
    return speech_model_folder();
  } catch (const std::runtime_error&) {
    return default_speech_model;
  }
}

void choose_model(AppSession& session, QWidget& window) {
  const QString folder = QFileDialog::getExistingDirectory(
      &window, QObject::tr("Choose a model folder (config.json, model.safetensors, tokenizer.model)"));
  if (folder.isEmpty()) return;
  // Remembered once it has turned out to be a model.
  QObject::connect(
      &session, &ui::Session::modelChanged, &window,
      [folder](const ui::ModelInfo& info) {
        if (info.loaded && info.problem.isEmpty()) settings().setValue(model_setting, folder);
      },
      Qt::SingleShotConnection);
  session.loadModel(folder.toStdString());
}

}  // namespace

int run_gui(int& argc, char** argv, const GuiOptions& options) {
  const std::string kernels = model::best_kernels().name;  // refuses a wrong name before there is a window
  const std::unique_ptr<QApplication> application = make_application(argc, argv);
  const std::filesystem::path data = QStandardPaths::writableLocation(QStandardPaths::AppDataLocation).toStdString();
  const std::filesystem::path model = find_model(options.model);
  AppSession session({model, {data / "streams", data / "projects"}, {find_reader(), model}, options.gpu_bytes});
  ui::MainWindow window(session);
  window.setKernels(QString::fromStdString(kernels));
  QObject::connect(&session, &AppSession::modelFolderWanted, &window, [&] { choose_model(session, window); });
  window.show();
  for (const std::string& file : options.files)
    window.openPath(QFileInfo(QString::fromStdString(file)).absoluteFilePath());
  return application->exec();
}

void add_window(CLI::App& program, int& exit_code, int& argc, char** argv,
                const std::function<std::int64_t()>& gpu_bytes) {
  const auto options = std::make_shared<GuiOptions>();
  options->gpu_bytes = gpu_bytes;
  program.add_option("--model", options->model, "Model folder for the window (default: the shipped model)");
  program.add_option("files", options->files, "Files to open in the window");
  program.callback([&program, &exit_code, &argc, argv, options] {
    if (!program.get_subcommands().empty()) return;
    for (const std::string& file : options->files) {
      std::error_code error;
      if (!std::filesystem::exists(file, error))
        throw std::runtime_error("'" + file + "' is neither a command nor a file; see --help");
    }
    exit_code = run_gui(argc, argv, *options);
  });
}

}  // namespace catena::app
