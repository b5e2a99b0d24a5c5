"""The paths of the owner's pages; a name has no slash, and is looked up as it stands."""

from django.urls import path

from tokens.my_bot import my_bot, my_bot_made, my_bot_use

urlpatterns = [
    path("bots/<str:name>", my_bot, name="my_bot"),
    path("bots/<str:name>/made/<uuid:made>", my_bot_made, name="my_bot_made"),
    path("bots/<str:name>/use-of/<uuid:which>", my_bot_use, name="my_bot_use"),
]
