"""The person's accounts at single sign-on services; imported only where one is configured."""

from typing import Any

from allauth.socialaccount.views import ConnectionsView

from tasks.team.signin import sso


class Connections(ConnectionsView):
    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        more = {"ways": sso.ways(self.request, "", "connect")}
        return super().get_context_data(**kwargs) | more
