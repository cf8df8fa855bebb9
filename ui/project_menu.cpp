#include "ui/project_menu.h"

#include <QAction>
#include <QFileDialog>
#include <QLocale>
#include <QMenu>

#include "ui/format.h"

namespace catena::ui {
namespace {

QString plain(QString text) { return text.replace(u'&', QLatin1String("&&")); }

QString filesText(qint64 files) {
  return files == 1 ? QObject::tr("1 file") : QObject::tr("%1 files").arg(formatCount(files));
}

}  // namespace

ProjectMenu::ProjectMenu(Session& session, QMenu* menu, QWidget* window) : QObject(window), session_(session) {
  ask_folder = [window](const QString& start) {
    return QFileDialog::getExistingDirectory(window, tr("Remember project folder"), start);
  };
  remember_ = menu->addAction(tr("Re&member project folder..."), this, &ProjectMenu::chooseFolder);
  remember_->setStatusTip(tr("Reads a folder's text files once; documents below it start from what was read"));
  stop_ = menu->addAction(tr("S&top remembering"), &session, &Session::cancelRemembering);
  stop_->setVisible(false);
  remembered_ = menu->addMenu(tr("Remembere&d projects"));
  // Filled when it opens as well: ages change.
  connect(remembered_, &QMenu::aboutToShow, this, &ProjectMenu::fill);
  connect(&session, &Session::projectsChanged, this, &ProjectMenu::fill);
  connect(&session, &Session::rememberingProgress, this, &ProjectMenu::show);
  fill();
}

void ProjectMenu::chooseFolder() {
  const QString folder = ask_folder(start_folder ? start_folder() : QString());
  if (!folder.isEmpty()) session_.rememberProject(folder);
}

void ProjectMenu::show(const RememberingProgress& progress) {
  using State = RememberingProgress::State;
  reading_ = progress.state == State::looking || progress.state == State::reading;
  remember_->setEnabled(!reading_);
  stop_->setVisible(reading_);
  if (reading_) stop_->setText(tr("S&top remembering %1").arg(plain(folderName(progress.folder))));
}

void ProjectMenu::fill() {
  for (QMenu* old : remembered_->findChildren<QMenu*>(Qt::FindDirectChildrenOnly)) old->deleteLater();
  remembered_->clear();
  for (const RememberedProject& project : session_.projects()) {
    const QString age = formatAge(project.read_at.secsTo(QDateTime::currentDateTime()));
    QMenu* menu = remembered_->addMenu(plain(tr("%1, read %2").arg(shortName(project.folder), age)));
    const QString about =
        project.other_model.isEmpty()
            ? tr("%1, read %2").arg(filesText(project.files), QLocale().toString(project.read_at, QLocale::ShortFormat))
            : tr("read by model %1: not used by this one").arg(project.other_model);
    menu->addAction(plain(about))->setEnabled(false);
    menu->addSeparator();
    menu->addAction(tr("&Read again"), this, [this, folder = project.folder] { session_.rememberProject(folder); })
        ->setEnabled(!reading_);
    menu->addAction(tr("&Forget"), this, [this, folder = project.folder] { session_.forgetProject(folder); });
  }
  remembered_->setEnabled(!remembered_->isEmpty());
}

}  // namespace catena::ui
