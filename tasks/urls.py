"""Pages, fragments and the live feed. Each room of views adds its own lines."""

from django.contrib.auth.views import LogoutView
from django.urls import path

from tasks.views import (
    account,
    again,
    archive,
    audit,
    batches,
    callbacks,
    credentials,
    door,
    found,
    health,
    join,
    live,
    lost,
    make,
    media,
    money,
    people,
    preferences,
    prompts,
    stars,
    tasks,
    track,
    trash,
    uploads,
)

urlpatterns = [
    # Watching
    path("", tasks.task_list, name="tasks"),
    path("tasks/<int:pk>/", tasks.task, name="task"),
    path("tasks/<int:pk>/refresh/", tasks.refresh_task, name="refresh_task"),
    path("live/", live.live, name="live"),
    # The archive
    path("archive/", archive.archive, name="archive"),
    path("archive/save-now/", archive.save_now, name="save_now"),
    path("pulse/", archive.pulse, name="pulse"),
    # Asked by machines
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("statusz", health.statusz, name="statusz"),
    path("callback/<str:token>", callbacks.callback, name="callback"),
    # The door
    path("sign-in/", door.SignIn.as_view(), name="sign_in"),
    path("sign-in/", door.SignIn.as_view(), name="account_login"),  # as allauth calls it
    path("sign-out/", LogoutView.as_view(), name="sign_out"),
    path("password/", account.ChangePassword.as_view(), name="password"),
    path("password/", account.ChangePassword.as_view(), name="account_change_password"),
    path("enter/<str:token>/", door.enter, name="enter"),
    path("welcome/", door.welcome, name="welcome"),
    # Personal settings
    path("settings/", preferences.edit, name="preferences"),
    path("theme/", preferences.set_theme, name="set_theme"),
    path("endings/", preferences.endings, name="endings"),
    # Saved files
    path("tasks/<int:pk>/video", media.video, name="video"),
    path("tasks/<int:pk>/last-frame", media.last_frame, name="last_frame"),
    path("tasks/<int:pk>/poster", media.poster, name="poster"),
    path("tasks/download.zip", media.download, name="download"),
    # Stars, the trash, who did what
    path("tasks/<int:pk>/star", stars.star, name="star"),
    path("tasks/delete/", trash.delete_tasks, name="delete_tasks"),
    path("tasks/<int:pk>/video/delete/", trash.delete_video, name="delete_video"),
    path("trash/", trash.trash, name="trash"),
    path("trash/restore/", trash.restore, name="restore"),
    path("trash/delete-for-good/", trash.delete_for_good, name="delete_for_good"),
    path("audit/", audit.audit, name="audit"),
    path("audit/export.csv", audit.export_audit, name="export_audit"),
    # Making
    path("tasks/new/", make.make, name="make"),
    path("tasks/new/look/", make.look, name="make_look"),
    path("tasks/new/upload/", uploads.upload, name="make_upload"),
    path("tasks/new/prompts/", prompts.save, name="save_prompt"),
    path("prompts/", prompts.saved_prompts, name="saved_prompts"),
    path("prompts/<int:pk>/", prompts.saved_prompt, name="saved_prompt"),
    path("prompts/<int:pk>/delete/", prompts.delete, name="delete_prompt"),
    path("uploads/<int:pk>", uploads.show, name="upload"),
    path("shared/<str:token>", uploads.shared, name="shared"),
    path("tasks/<int:pk>/exists/", make.it_exists, name="it_exists"),
    path("tasks/<int:pk>/look/", lost.look_again, name="look_again"),
    path("tasks/<int:pk>/cancel/", make.cancel, name="cancel"),
    path("tasks/<int:pk>/again/", make.send_again, name="send_again"),
    path("tasks/<int:pk>/once-more/", again.once_more, name="once_more"),
    path("tasks/<int:pk>/go-on/", again.go_on, name="go_on"),
    path("batches/<int:pk>/", batches.batch, name="batch"),
    # Tracking tasks made elsewhere
    path("tasks/track/", track.track, name="track"),
    path("found/", found.found, name="found"),
    path("found/<int:pk>/", found.found_state, name="found_state"),
    path("found/<int:pk>/compare/", found.compare, name="found_compare"),
    path("found/<int:pk>/adopt/", found.adopt_found, name="found_adopt"),
    # People and projects
    path("people/", people.people, name="people"),
    path("people/invite/", people.invite, name="invite"),
    path("people/invitations/<int:pk>/again/", people.invite_again, name="invite_again"),
    path(
        "people/invitations/<int:pk>/withdraw/",
        people.withdraw_invitation,
        name="withdraw_invitation",
    ),
    path("people/<int:pk>/role/", people.person_role, name="person_role"),
    path("people/<int:pk>/remove/", people.remove_person, name="remove_person"),
    path("people/projects/", people.make_project, name="make_project"),
    path("people/projects/<int:pk>/name/", people.rename_project, name="rename_project"),
    path("join/<str:token>/", join.join, name="join"),
    # Money
    path("budgets/", money.budgets, name="budgets"),
    path("budgets/<int:pk>/", money.budget, name="budget"),
    path("credentials/<int:pk>/prices/", money.prices, name="prices"),
    path(
        "credentials/<int:pk>/prices/documented/",
        money.prices_documented,
        name="prices_documented",
    ),
    path("prices/<int:pk>/", money.price, name="price"),
    # Credentials
    path("credentials/", credentials.credentials, name="credentials"),
    path("credentials/add/", credentials.credential_add, name="credential_add"),
    path("credentials/<int:pk>/", credentials.credential, name="credential"),
    path("credentials/<int:pk>/test/", credentials.credential_test, name="credential_test"),
    path("credentials/<int:pk>/pause/", credentials.credential_pause, name="credential_pause"),
    path("credentials/<int:pk>/key/", credentials.credential_key, name="credential_key"),
    path("credentials/<int:pk>/remove/", credentials.credential_remove, name="credential_remove"),
]
