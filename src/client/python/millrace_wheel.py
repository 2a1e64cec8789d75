"""Makes the wheel of one module (PEP 517), so that building it needs no network."""

import base64
import hashlib
import zipfile
from pathlib import Path

NAME, VERSION = "millrace_client", "0.1.0"
METADATA = f"""Metadata-Version: 2.1
Name: millrace-client
Version: {VERSION}
Summary: Asks Millrace for recall, and sends it events
License: Apache-2.0
Requires-Python: >=3.9
"""
WHEEL = "Wheel-Version: 1.0\nGenerator: millrace\nRoot-Is-Purelib: true\nTag: py3-none-any\n"


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    wheel = f"{NAME}-{VERSION}-py3-none-any.whl"
    info = f"{NAME}-{VERSION}.dist-info"
    module = Path(__file__).with_name("millrace.py").read_text(encoding="utf-8")
    files = {"millrace.py": module, f"{info}/METADATA": METADATA, f"{info}/WHEEL": WHEEL}
    record = ""
    with zipfile.ZipFile(Path(wheel_directory, wheel), "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            data = text.encode()
            digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
            record += f"{name},sha256={digest},{len(data)}\n"
            archive.writestr(zipfile.ZipInfo(name), data)
        archive.writestr(zipfile.ZipInfo(f"{info}/RECORD"), record + f"{info}/RECORD,,\n")
    return wheel
