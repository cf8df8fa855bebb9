// The About box.
#pragma once

#include "ui/session.h"

class QWidget;

namespace catena::ui {

/// What the program is, its licence, and that nothing leaves the machine. `kernels`: the instruction set that the model
/// runs with on the CPU, as the benches name it; empty: unknown.
QString aboutText(const ModelInfo& model, const QString& kernels);
void showAbout(QWidget* parent, const ModelInfo& model, const QString& kernels);

/// The document of the first start.
QByteArray welcomeText();

}  // namespace catena::ui
