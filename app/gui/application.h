// What the window program and the demo share: a QApplication that fails with one line instead of an abort.
#pragma once

#include <QApplication>
#include <memory>

namespace catena::app {

/// True when there is a display to open a window on (X11, Wayland, or a platform chosen by QT_QPA_PLATFORM).
bool has_display();

/// argc and argv must outlive it. Throws std::runtime_error with one line when there is no display; a display that is
/// named but cannot be reached ends the program with one line and exit code 1, since Qt leaves no other way.
std::unique_ptr<QApplication> make_application(int& argc, char** argv);

}  // namespace catena::app
