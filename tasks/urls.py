"""Pages, fragments and the live feed. Each room of views adds its own lines."""

from django.contrib.auth.views import LogoutView
from django.urls import path

from tasks.views import archive, door, health, live, media, tasks, track

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
    # The door
    path("sign-in/", door.SignIn.as_view(), name="sign_in"),
    path("sign-out/", LogoutView.as_view(), name="sign_out"),
    path("password/", door.ChangePassword.as_view(), name="password"),
    path("enter/<str:token>/", door.enter, name="enter"),
    path("welcome/", door.welcome, name="welcome"),
    path("theme/", door.set_theme, name="set_theme"),
    # Saved files
    path("tasks/<int:pk>/video", media.video, name="video"),
    path("tasks/<int:pk>/last-frame", media.last_frame, name="last_frame"),
    path("tasks/<int:pk>/poster", media.poster, name="poster"),
    path("tasks/download.zip", media.download, name="download"),
    # Tracking tasks made elsewhere
    path("tasks/track/", track.track, name="track"),
]
