"""A real mail server for tests: Dovecot for the mailboxes, aiosmtpd in front of it, on free loopback ports."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import smtplib
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword
from imapclient import IMAPClient

from tests.servers import free_port, listens, stop, wait_until

PASSWORD = "pw"
CONFIG = """
protocols = imap lmtp
listen = 127.0.0.1
base_dir = {folder}/run
log_path = {folder}/log
ssl = no
disable_plaintext_auth = no
auth_mechanisms = plain login
auth_failure_delay = 0
mail_location = maildir:{folder}/mail/%u
mail_uid = {user}
mail_gid = {group}
first_valid_uid = 1
default_internal_user = {internal}
default_login_user = {internal}
imap_idle_notify_interval = 20 secs
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={user} gid={group} home={folder}/mail/%u allow_all_users=yes
}}
service anvil {{
  chroot =
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    address = 127.0.0.1
    port = {imap}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service lmtp {{
  inet_listener lmtp {{
    address = 127.0.0.1
    port = {lmtp}
  }}
}}
"""


def missing() -> str:
    """Why no mail server can be started here; "" if one can."""
    if shutil.which("dovecot") is None:
        return "dovecot is not installed (apt-get install dovecot-imapd dovecot-lmtpd)"
    if os.geteuid() != 0:
        return "dovecot wants to be started by root"
    return ""


def mail_user() -> pwd.struct_passwd:
    """The user who owns the mailboxes, made if absent."""
    with contextlib.suppress(KeyError):
        return pwd.getpwnam("vmail")
    subprocess.run(["useradd", "-r", "vmail"], check=False, capture_output=True)
    return pwd.getpwnam("vmail")


@dataclass
class MailServer:
    """Any user may enter with the password "pw"; `sent` holds what came in by SMTP as (recipients, bytes)."""

    imap: int
    lmtp: int
    smtp: int
    folder: Path
    sent: list[tuple[list[str], bytes]] = field(default_factory=list)
    process: subprocess.Popen[bytes] | None = None

    def deliver(self, user: str, mail: bytes) -> None:
        """Put a mail into a user's mailbox at once, as a receiving server does."""
        with smtplib.LMTP("127.0.0.1", self.lmtp) as door:
            door.sendmail("sender@example.org", [user], mail)

    def mailbox(self, user: str) -> IMAPClient:
        client = IMAPClient("127.0.0.1", port=self.imap, ssl=False)
        client.login(user, PASSWORD)
        return client

    def settings(self, user: str) -> dict[str, Any]:
        """Settings of an `Email` channel for this mailbox."""
        return {
            "from_address": user, "imap_host": "127.0.0.1", "imap_port": self.imap, "imap_security": "none",
            "imap_user": user, "imap_secret": PASSWORD, "smtp_host": "127.0.0.1", "smtp_port": self.smtp,
            "smtp_security": "none", "smtp_user": user, "smtp_secret": PASSWORD,
        }  # fmt: skip

    def stop(self) -> None:
        """Take the IMAP side away, leaving its mails where they are."""
        if self.process is not None:
            # Its children serve the open connections; they are in the group it was started with.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGTERM)
            stop(self.process)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process = None

    def start(self) -> None:
        """Bring it back on the same ports."""
        command = ["dovecot", "-F", "-c", str(self.folder / "dovecot.conf")]
        self.process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )
        wait_until(lambda: listens(self.imap) and listens(self.lmtp), 10, "dovecot")


class _Handler:
    """Takes mails by SMTP and hands them to the mailboxes."""

    def __init__(self, server: MailServer) -> None:
        self.server = server

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        if b"X-Refuse: later" in envelope.content:
            return "451 Greylisted, come back later"
        if b"X-Refuse: never" in envelope.content:
            return "554 We do not want this"
        self.server.sent.append((list(envelope.rcpt_tos), envelope.content))
        with smtplib.LMTP("127.0.0.1", self.server.lmtp) as door:
            door.sendmail(envelope.mail_from, envelope.rcpt_tos, envelope.content)
        return "250 OK"

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:
        if address.startswith("nobody@"):
            return "550 No such user here"
        if address.startswith("full@"):
            return "452 Mailbox full"
        envelope.rcpt_tos.append(address)
        return "250 OK"


def _authenticate(_server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:
    good = isinstance(data, LoginPassword) and data.password == PASSWORD.encode()
    return AuthResult(success=good, handled=good)


@contextlib.contextmanager
def mail_server() -> Iterator[MailServer]:
    """A running pair of servers; everything is gone afterwards."""
    user = mail_user()
    folder = Path(tempfile.mkdtemp(prefix="crowdalogue-mail-"))
    server = MailServer(free_port(), free_port(), free_port(), folder)
    try:
        folder.chmod(0o755)
        for name in ("mail", "run"):
            (folder / name).mkdir()
        os.chown(folder / "mail", user.pw_uid, user.pw_gid)
        config = CONFIG.format(
            folder=folder, user=user.pw_uid, group=user.pw_gid, internal="dovecot", password=PASSWORD,
            imap=server.imap, lmtp=server.lmtp,
        )  # fmt: skip
        (folder / "dovecot.conf").write_text(config)
        server.start()
        door = Controller(
            _Handler(server), hostname="127.0.0.1", port=server.smtp, authenticator=_authenticate,
            auth_require_tls=False, auth_required=False, data_size_limit=100_000_000,
        )  # fmt: skip
        door.start()
        try:
            yield server
        finally:
            door.stop()
            server.stop()
    finally:
        for _attempt in range(20):
            shutil.rmtree(folder, ignore_errors=True)
            if not folder.exists():
                break
            time.sleep(0.1)
