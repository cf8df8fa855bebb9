// The About box.
#pragma once

#include "ui/session.h"

class QWidget;

namespace catena::ui {

/// What the program is, its licence, and that nothing leaves the machine.
QString aboutText(const ModelInfo& model);
void showAbout(QWidget* parent, const ModelInfo& model);

/// The document of the first start.
QByteArray welcomeText();

}  // namespace catena::ui
