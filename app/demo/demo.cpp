#include "app/demo/demo.h"

#include <QTemporaryDir>
#include <cstdio>
#include <cstdlib>
#include <memory>

#include "app/assets_folder.h"
#include "app/demo/demo_player.h"
#include "app/demo/demo_record.h"
#include "app/demo/demo_script.h"
#include "app/gui/application.h"
#include "app/session/session.h"
#include "ui/main_window.h"

namespace catena::app {
namespace {

namespace fs = std::filesystem;

}  // namespace

int run_demo(int& argc, char** argv, const DemoOptions& options) {
  const fs::path assets = assets_folder();
  const DemoScript script = DemoScript::load(assets / "demo" / "script.json");
  std::error_code error;
  fs::create_directories(options.output, error);
  if (error) {
    throw std::runtime_error("cannot create " + options.output.string() + ": " + error.message() +
                             "; choose another folder with --output");
  }
  if (!has_display()) setenv("QT_QPA_PLATFORM", "offscreen", 1);
  const std::unique_ptr<QApplication> application = make_application(argc, argv);

  // The user's own settings, recovered texts and streams stay out of it.
  const QTemporaryDir scratch;
  if (!scratch.isValid()) throw std::runtime_error("no temporary folder can be made; is the disk full?");
  const fs::path model = model_folder(options.model);
  AppSession session({model, {}, {speech_model_folder(), model}, {}});
  DemoRecord record(session, options.output / "completions.jsonl");
  ui::MainWindow window(session, {scratch.filePath("settings.ini"), scratch.filePath("recovery")});
  window.show();

  DemoPlayer player(session, window, record, script);
  QString problem = player.play(options.output / "window.png");
  const QString csv = QString::fromStdString((options.output / "metrics.csv").string());
  if (problem.isEmpty()) problem = window.exportFiguresCsv(csv);
  if (problem.isEmpty()) problem = record.finish();
  if (problem.isEmpty()) {
    record.printSummary(window.figuresText());
    std::printf("written    %s: window.png, metrics.csv, completions.jsonl\n", options.output.string().c_str());
    problem = record.missing();
  }
  if (problem.isEmpty()) return 0;
  std::fprintf(stderr, "catena: demo: %s\n", qPrintable(problem));
  return 1;
}

void add_demo_command(CLI::App& program, int& exit_code, int& argc, char** argv) {
  const auto options = std::make_shared<DemoOptions>();
  CLI::App* command =
      program.add_subcommand("demo", "Plays the bundled session through the whole application (about 20 s)");
  command->add_option("--output", options->output, "Folder for window.png, metrics.csv and completions.jsonl")
      ->capture_default_str();
  command->add_option("--model", options->model, "Model folder (default: the shipped model)");
  command->callback([&exit_code, &argc, argv, options] { exit_code = run_demo(argc, argv, *options); });
}

}  // namespace catena::app
