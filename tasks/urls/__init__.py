"""All addresses of the product: pages, fragments, the live feed, the admin."""

from django.contrib import admin
from django.urls import include, path, re_path

from tasks.web.views import (
    account,
    archive,
    audit,
    batches,
    billing,
    callbacks,
    compose,
    credentials,
    design,
    followups,
    health,
    join,
    live,
    media,
    moved,
    people,
    preferences,
    prompts,
    signin,
    stars,
    tasks,
    track,
    trash,
    unconfirmed,
    untracked,
    uploads,
)

urlpatterns = [
    # The admin, and one's own account
    path("admin/login/", signin.admin_sign_in),  # takes precedence over the admin's own
    path("admin/", admin.site.urls),
    path("language/", preferences.set_language, name="set_language"),
    path("account/", include("tasks.urls.own_account")),
    # Tasks
    path("", tasks.task_list, name="tasks"),
    path("tasks/<int:pk>/", tasks.task, name="task"),
    path("tasks/<int:pk>/refresh/", tasks.refresh_task, name="refresh_task"),
    path("live/", live.live, name="live"),
    # The archive
    path("archive/", archive.archive_page, name="archive"),
    path("archive/save-now/", archive.save_now, name="save_now"),
    path("header-status/", archive.header_status, name="header_status"),
    path("design/", design.design, name="design"),  # in a demonstration only
    # Asked by machines
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("statusz", health.statusz, name="statusz"),
    path("callback/<str:token>", callbacks.callback, name="callback"),
    # Sign-in
    path("sign-in/", signin.SignIn.as_view(), name="sign_in"),
    path("sign-in/", signin.SignIn.as_view(), name="account_login"),  # allauth's name
    path("sign-out/", signin.SignOut.as_view(), name="sign_out"),
    path("password/", account.ChangePassword.as_view(), name="password"),
    path("password/", account.ChangePassword.as_view(), name="account_change_password"),
    path("enter/<str:token>/", signin.enter, name="enter"),
    path("welcome/", signin.welcome, name="welcome"),
    # Personal settings
    path("settings/", preferences.edit, name="preferences"),
    path("theme/", preferences.set_theme, name="set_theme"),
    path("view/", preferences.set_view, name="set_view"),
    path("notifications/", preferences.notifications, name="notifications"),
    # Saved files
    path("tasks/<int:pk>/video", media.video, name="video"),
    path("tasks/<int:pk>/last-frame", media.last_frame, name="last_frame"),
    path("tasks/<int:pk>/poster", media.poster, name="poster"),
    path("tasks/<int:pk>/poster/<slug:digest>", media.kept_poster, name="kept_poster"),
    path("tasks/<int:pk>/sprite/<slug:digest>", media.sprite, name="sprite"),
    path("tasks/<int:pk>/proxy/<slug:digest>", media.proxy, name="proxy"),
    path("tasks/download.zip", media.download, name="download"),
    # Stars, the trash, the audit
    path("tasks/<int:pk>/star", stars.star, name="star"),
    path("tasks/delete/", trash.delete_tasks, name="delete_tasks"),
    path("tasks/<int:pk>/video/delete/", trash.delete_video, name="delete_video"),
    path("trash/", trash.trash, name="trash"),
    path("trash/<int:pk>/poster", trash.trash_poster, name="trash_poster"),
    path("trash/restore/", trash.restore, name="restore"),
    path("trash/delete-for-good/", trash.delete_for_good, name="delete_for_good"),
    path("audit/", audit.audit, name="audit"),
    path("audit/export.csv", audit.export_audit, name="export_audit"),
    # New videos
    path("tasks/new/", compose.compose, name="compose"),
    path("tasks/new/<uuid:key>/", compose.placed, name="compose_placed"),
    path("tasks/new/preview/", compose.preview, name="compose_preview"),
    path("tasks/new/upload/", uploads.upload, name="compose_upload"),
    path("tasks/new/prompts/", prompts.save, name="save_prompt"),
    path("prompts/", prompts.saved_prompts, name="saved_prompts"),
    path("prompts/<int:pk>/", prompts.saved_prompt, name="saved_prompt"),
    path("prompts/<int:pk>/delete/", prompts.delete, name="delete_prompt"),
    path("uploads/<int:pk>", uploads.show, name="upload"),
    path("uploads/<int:pk>/picture/<slug:digest>", uploads.picture, name="upload_picture"),
    path("shared/<str:token>", uploads.shared, name="shared"),
    path("tasks/<int:pk>/exists/", compose.it_exists, name="it_exists"),
    path("tasks/<int:pk>/lookup/", unconfirmed.retry_lookup, name="retry_lookup"),
    path("tasks/<int:pk>/cancel/", compose.cancel, name="cancel"),
    path("tasks/<int:pk>/again/", compose.send_again, name="send_again"),
    path("tasks/<int:pk>/run-again/", followups.run_again, name="run_again"),
    path("tasks/<int:pk>/continue/", followups.continue_from, name="continue_from"),
    path("batches/<int:pk>/", batches.batch, name="batch"),
    # Tracking tasks created elsewhere
    path("tasks/track/", track.track, name="track"),
    path("untracked/", untracked.untracked_page, name="untracked"),
    path("untracked/<int:pk>/", untracked.untracked_state, name="untracked_state"),
    path("untracked/<int:pk>/compare/", untracked.compare, name="untracked_compare"),
    path("untracked/<int:pk>/adopt/", untracked.adopt_untracked, name="untracked_adopt"),
    # People and projects
    path("people/", people.people_page, name="people"),
    path("people/invite/", people.invite, name="invite"),
    path("people/invitations/<int:pk>/again/", people.invite_again, name="invite_again"),
    path(
        "people/invitations/<int:pk>/withdraw/",
        people.withdraw_invitation,
        name="withdraw_invitation",
    ),
    path("people/<int:pk>/role/", people.person_role, name="person_role"),
    path("people/<int:pk>/remove/", people.remove_person, name="remove_person"),
    path("people/projects/", people.create_project, name="create_project"),
    path("people/projects/<int:pk>/name/", people.rename_project, name="rename_project"),
    path("people/projects/<int:pk>/viewers/", people.viewer_details, name="viewer_details"),
    path("join/<str:token>/", join.join, name="join"),
    # Budgets and prices
    path("budgets/", billing.budget_list, name="budgets"),
    path("budgets/<int:pk>/", billing.budget, name="budget"),
    path("credentials/<int:pk>/prices/", billing.price_list, name="prices"),
    path(
        "credentials/<int:pk>/prices/documented/",
        billing.prices_documented,
        name="prices_documented",
    ),
    path("prices/<int:pk>/", billing.price, name="price"),
    # Credentials
    path("credentials/", credentials.credential_list, name="credentials"),
    path("credentials/add/", credentials.credential_add, name="credential_add"),
    path("credentials/<int:pk>/", credentials.credential, name="credential"),
    path("credentials/<int:pk>/models/", credentials.credential_models, name="credential_models"),
    path("credentials/<int:pk>/test/", credentials.credential_test, name="credential_test"),
    path("credentials/<int:pk>/pause/", credentials.credential_pause, name="credential_pause"),
    path("credentials/<int:pk>/key/", credentials.credential_key, name="credential_key"),
    path("credentials/<int:pk>/remove/", credentials.credential_remove, name="credential_remove"),
    # Addresses of earlier releases
    re_path(r"^found/(?P<rest>.*)$", moved.moved, {"to": "/untracked/{rest}"}, name="moved_found"),
    re_path(r"^pulse/$", moved.moved, {"to": "/header-status/"}, name="moved_pulse"),
    re_path(r"^endings/$", moved.moved, {"to": "/notifications/"}, name="moved_endings"),
    re_path(r"^tasks/new/look/$", moved.moved, {"to": "/tasks/new/preview/"}, name="moved_preview"),
    re_path(
        r"^tasks/(?P<pk>\d+)/look/$", moved.moved, {"to": "/tasks/{pk}/lookup/"}, name="moved_look"
    ),
    re_path(
        r"^tasks/(?P<pk>\d+)/once-more/$",
        moved.moved,
        {"to": "/tasks/{pk}/run-again/"},
        name="moved_once_more",
    ),
    re_path(
        r"^tasks/(?P<pk>\d+)/go-on/$",
        moved.moved,
        {"to": "/tasks/{pk}/continue/"},
        name="moved_go_on",
    ),
]
