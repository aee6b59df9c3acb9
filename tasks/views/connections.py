"""Accounts elsewhere that let one in here; imported only where single sign-on is set."""

from typing import Any

from allauth.socialaccount.views import ConnectionsView

from tasks import sso


class Connections(ConnectionsView):
    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        more = {"ways": sso.ways(self.request, "", "connect")}
        return super().get_context_data(**kwargs) | more
