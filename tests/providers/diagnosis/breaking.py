"""Ways to break one thing: each bends the provider `op`, and returns the fields of the registration that differ."""

from django.db import connection

from providers.models import ClientKey

SEALED_ELSEWHERE = "v1.AAAAAAAA.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"


def says(**members):
    """The discovery document has these members; a function is given the provider."""

    def breaks(op):
        for name, value in members.items():
            op.discovery[name] = value(op) if callable(value) else value
        return {}

    return breaks


def lacks(*names):
    return lambda op: op.discovery.drop(*names) and {}


def at(endpoint, *args, **options):
    """This endpoint answers so; a function is given the provider."""

    def breaks(op):
        getattr(op, endpoint).respond(*args, **options)
        return {}

    return breaks


def registered(**fields):
    return lambda op: {name: value(op) if callable(value) else value for name, value in fields.items()}


def keys(publish):
    """The key set holds what `publish` makes of the provider's keys."""
    return lambda op: op.jwks.publish(*publish(op.keys)) and {}


def returns(**parameters):
    """The browser comes back with these; None leaves one out."""
    return lambda op: op.callback_params.update(parameters) or {}


def refuses(error, description="because"):
    return lambda op: op.refuse(error, description) or {}


def client(**members):
    """The provider knows another client than the one registered here."""

    def breaks(op):
        for name, value in members.items():
            setattr(op.client, name, value)
        return {}

    return breaks


def goes_down(op):
    op.go_down()
    return {}


def hangs_up(endpoint):
    return lambda op: getattr(op, endpoint).hang_up() and {}


def clock(seconds):
    return lambda op: op.set_clock(seconds) or {}


def redirects(endpoint, location):
    return lambda op: getattr(op, endpoint).redirect_to(location) and {}


def page(text, status=200):
    return at("authorization", status, text, "text/html")


def another_method(here, there, **fields):
    """The provider lists both, and has this client down for `there`."""

    def breaks(op):
        op.client.token_endpoint_auth_method = there
        op.discovery["token_endpoint_auth_methods_supported"] = [here, there]
        return {"token_endpoint_auth_method": here, **fields}

    return breaks


def without_its_key(op):
    return {"after": lambda provider: ClientKey.objects.filter(provider=provider).delete()}


def with_an_unreadable_secret(op):
    def spoil(provider):
        sql = "UPDATE providers_provider SET client_secret = %s"
        with connection.cursor() as cursor:
            cursor.execute(sql, [SEALED_ELSEWHERE])

    return {"after": spoil}


def with_an_unreadable_key(op):
    def spoil(provider):
        with connection.cursor() as cursor:
            cursor.execute("UPDATE providers_clientkey SET private_key = %s", [SEALED_ELSEWHERE])

    return {"after": spoil}


def with_outdated_metadata(op):
    return {"discovery": {**op.discovery.shape(op.metadata()), "token_endpoint": "https://old.example/token"}}


def refuses_pushing(op):
    op.par.respond(400, {"error": "invalid_request", "error_description": "acr_values are not taken"})
    return {}


def refuses_pushed_redirect_uri(op):
    op.par.respond(400, {"error": "invalid_request", "error_description": "redirect_uri did not match"})
    return {}


def lists_another_method_and_rejects(op):
    op.discovery["token_endpoint_auth_methods_supported"] = ["private_key_jwt"]
    op.token.respond(401, {"error": "invalid_client"})
    return {}
