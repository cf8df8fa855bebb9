#include "app/gui/application.h"

#include <cstdio>
#include <cstdlib>
#include <stdexcept>

namespace catena::app {
namespace {

constexpr const char* advice = "`catena demo` plays the bundled session without a display";

/// While Qt connects to the display: its own lines are about plugins, and a fatal one would abort.
void connecting(QtMsgType type, const QMessageLogContext&, const QString&) {
  if (type != QtFatalMsg) return;
  std::fprintf(stderr,
               "catena: the display cannot be opened (DISPLAY or WAYLAND_DISPLAY is set, but nothing answers); %s\n",
               advice);
  std::_Exit(1);
}

/// Without a window manager Qt's offscreen platform complains of every window that has a least size.
void offscreen(QtMsgType type, const QMessageLogContext&, const QString& text) {
  if (text.contains(QLatin1String("propagateSizeHints"))) return;
  std::fprintf(stderr, "%s\n", qPrintable(text));
  if (type == QtFatalMsg) std::abort();
}

}  // namespace

bool has_display() {
  for (const char* name : {"DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"}) {
    const char* value = std::getenv(name);
    if (value != nullptr && *value != '\0') return true;
  }
  return false;
}

std::unique_ptr<QApplication> make_application(int& argc, char** argv) {
  if (!has_display()) throw std::runtime_error(std::string("there is no display to open a window on; ") + advice);
  const QtMessageHandler usual = qInstallMessageHandler(connecting);
  QCoreApplication::setApplicationName(QStringLiteral("catena"));
  QGuiApplication::setApplicationDisplayName(QStringLiteral("Catena"));
  auto application = std::make_unique<QApplication>(argc, argv);
  qInstallMessageHandler(QGuiApplication::platformName() == QLatin1String("offscreen") ? offscreen : usual);
  return application;
}

}  // namespace catena::app
