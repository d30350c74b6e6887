"""Signatures made and checked by the vendors' own libraries.

Reads one JSON object a line: {"do", "provider", "secret", "method", "url", "headers", "body", "time"}. To "sign" it answers
{"headers": {...}}, those that the vendor's library makes; to "verify" it answers {"good": bool}, what the library says of
the headers that are there.
"""

import json
import sys
from datetime import datetime, timezone
from urllib.parse import parse_qsl


def form(request):
    return dict(parse_qsl(request["body"], keep_blank_values=True))


def header(request, name):
    return {key.lower(): value for key, value in request["headers"].items()}.get(name, "")


def is_json(request):
    return "json" in header(request, "content-type")


def twilio(request):
    from twilio.request_validator import RequestValidator

    validator = RequestValidator(request["secret"])
    # Of a body in JSON only the address is signed, which holds a hash of the body.
    params = {} if is_json(request) or request["method"] == "GET" else form(request)
    if request["do"] == "sign":
        return {"headers": {"X-Twilio-Signature": validator.compute_signature(request["url"], params)}}
    told = request["body"] if is_json(request) else params
    return {"good": validator.validate(request["url"], told, header(request, "x-twilio-signature"))}


def signalwire(request):
    from signalwire.request_validator import RequestValidator

    validator = RequestValidator(request["secret"])
    if is_json(request):
        made = validator.build_signature(request["url"], request["body"])
        told = request["body"]
    else:
        made = validator.build_signature_with_compatibility(request["url"], form(request))
        told = form(request)
    if request["do"] == "sign":
        return {"headers": {"X-SignalWire-Signature": made}}
    return {"good": bool(validator.validate(request["url"], told, header(request, "x-signalwire-signature")))}


def plivo(request):
    from plivo.utils.signature_v3 import construct_post_url, get_signature_v3, validate_v3_signature

    params = form(request)
    if request["do"] == "sign":
        nonce = "05429567804466091622"
        url = construct_post_url(request["url"], params).decode()
        made = get_signature_v3(request["secret"].encode(), url, nonce).decode()
        return {"headers": {"X-Plivo-Signature-V3": made, "X-Plivo-Signature-V3-Nonce": nonce}}
    signature = header(request, "x-plivo-signature-v3")
    nonce = header(request, "x-plivo-signature-v3-nonce")
    good = validate_v3_signature("POST", request["url"], nonce, request["secret"], signature, params)
    return {"good": good}


def standard(request):
    from standardwebhooks.webhooks import Webhook

    webhook = Webhook(request["secret"])
    if request["do"] == "sign":
        at = datetime.fromtimestamp(request["time"], tz=timezone.utc)
        made = webhook.sign("msg_2", at, request["body"])
        return {"headers": {"webhook-id": "msg_2", "webhook-timestamp": str(request["time"]), "webhook-signature": made}}
    try:
        webhook.verify(request["body"], {key.lower(): value for key, value in request["headers"].items()})
        return {"good": True}
    except Exception as error:
        return {"good": False, "why": str(error)}


def slack(request):
    from slack_sdk.signature import SignatureVerifier

    verifier = SignatureVerifier(request["secret"])
    if request["do"] == "sign":
        made = verifier.generate_signature(timestamp=str(request["time"]), body=request["body"])
        return {"headers": {"X-Slack-Request-Timestamp": str(request["time"]), "X-Slack-Signature": made}}
    return {"good": verifier.is_valid_request(request["body"], request["headers"])}


def telnyx(request):
    import base64

    from nacl.signing import SigningKey
    from telnyx.lib.webhook_verification import verify_webhook_signature

    # The test holds the private key, as only the vendor does; the vendor's library is given the public one.
    key = SigningKey(base64.b64decode(request["secret"].removeprefix("seed:")))
    if request["do"] == "sign":
        at = str(request["time"])
        made = base64.b64encode(key.sign(f"{at}|{request['body']}".encode()).signature).decode()
        return {"headers": {"telnyx-timestamp": at, "telnyx-signature-ed25519": made}}
    public = base64.b64encode(bytes(key.verify_key)).decode()
    try:
        verify_webhook_signature(request["body"], request["headers"], public)
        return {"good": True}
    except Exception as error:
        return {"good": False, "why": str(error)}


def vonage(request):
    import hashlib

    import jwt
    from vonage_jwt.verify_jwt import verify_signature

    if request["do"] == "sign":
        # The library of JSON Web Tokens that the vendor's own one is built on; the claims are those of its documentation.
        claims = {
            "iss": "Vonage",
            "iat": request["time"],
            "jti": "c6f7a2d0-0000-4000-8000-000000000001",
            "api_key": "a1b2c3d4",
            "payload_hash": hashlib.sha256(request["body"].encode()).hexdigest(),
        }
        token = jwt.encode(claims, request["secret"], algorithm="HS256")
        token = token.decode() if isinstance(token, bytes) else token
        return {"headers": {"Authorization": "Bearer " + token}}
    token = header(request, "authorization").removeprefix("Bearer ")
    return {"good": verify_signature(token, request["secret"])}


LIBRARIES = {
    "twilio": twilio,
    "signalwire": signalwire,
    "plivo": plivo,
    "standard": standard,
    "slack": slack,
    "telnyx": telnyx,
    "vonage": vonage,
}

for line in sys.stdin:
    asked = json.loads(line)
    print(json.dumps(LIBRARIES[asked["provider"]](asked)), flush=True)
