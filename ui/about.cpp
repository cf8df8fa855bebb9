#include "ui/about.h"

#include <QCoreApplication>
#include <QMessageBox>

#include "ui/format.h"

namespace catena::ui {

QString aboutText(const ModelInfo& model, const QString& kernels) {
  QString name = model.loaded
                     ? QObject::tr("Model: %1, %2 parameters.").arg(model.name, formatCount(model.parameters))
                     : QObject::tr("No model is loaded.");
  if (!kernels.isEmpty()) name += QLatin1Char(' ') + QObject::tr("On this processor it runs with %1.").arg(kernels);
  return QObject::tr(
             "<h3>Catena</h3>"
             "<p>Listens and reads along all day, and never slows down.</p>"
             "<p><b>Nothing leaves this machine.</b> Text and sound are read here, by a model stored here; "
             "the program opens no network connection.</p>"
             "<p>%1</p>"
             "<p>Free software under the GNU General Public License, version 3 or later. "
             "Uses Qt, QScintilla, LibTorch, SentencePiece and PortAudio.</p>")
      .arg(name.toHtmlEscaped());
}

void showAbout(QWidget* parent, const ModelInfo& model, const QString& kernels) {
  QMessageBox::about(parent, QObject::tr("About Catena"), aboutText(model, kernels));
}

QByteArray welcomeText() {
  return QObject::tr(
             "Welcome to Catena.\n"
             "\n"
             "Start typing below. After a few letters a suggestion appears in grey:\n"
             "\n"
             "    Tab          takes all of it\n"
             "    Ctrl+Right   takes a word\n"
             "    Shift+Tab    takes a line\n"
             "    Alt+] Alt+[  show another\n"
             "    Esc          dismisses it\n"
             "    Ctrl+Space   asks now\n"
             "\n"
             "The microphone is off. Nothing you type or say leaves this machine.\n"
             "\n")
      .toUtf8();
}

}  // namespace catena::ui
