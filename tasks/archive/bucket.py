"""Saved videos in an S3-compatible bucket. Needs the extra `s3`; imported only where one is set."""

from typing import Any

from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import ClientError
from storages.backends.s3 import S3Storage

from tasks.archive.stored_file import StoredObject

LINK_LIFE = 300  # seconds, unless who asks for a link says otherwise
SHA256 = "sha256"  # the metadata in which an object says what its bytes are
SPILL = 8 * 1024 * 1024  # bytes of a read file that stay in memory; without it all of them do


class Bucket(S3Storage):
    """Objects as private as their bucket, behind short links signed with version 4.

    No ACL is sent: S3's default is private, and buckets with ACLs switched off refuse any.
    Our names say what is in them, so what is there under a name is replaced.
    """

    def __init__(self, *, addressing_style: str, **options: Any) -> None:
        super().__init__(
            **options,
            addressing_style=addressing_style,
            client_config=_client_config(addressing_style),
            transfer_config=TransferConfig(use_threads=False),  # ten threads hold 80 MB of parts
            file_overwrite=True,
            max_memory_size=SPILL,
            querystring_auth=True,
            querystring_expire=LINK_LIFE,
        )

    def _get_write_parameters(self, name: str, content: Any = None) -> dict[str, Any]:
        """Give the object its SHA-256 as metadata, which every store keeps, and copies with it.

        An ETag is no hash of what came in parts or is encrypted, and is another in another bucket.
        """
        parameters: dict[str, Any] = super()._get_write_parameters(name, content)
        digest = getattr(content, "sha256", "")
        return parameters | ({"Metadata": {SHA256: digest}} if digest else {})

    def look_up(self, name: str) -> StoredObject:
        """Return what the store says of an object, whose bytes it does not send. One question.

        Raises FileNotFoundError.
        """
        found = self.bucket.Object(name)
        try:
            found.load()
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] == 404:
                raise FileNotFoundError(name) from None
            raise
        digest = found.metadata.get(SHA256, "")
        return StoredObject(found.content_length, found.e_tag.strip('"')[:200], digest)


def _client_config(addressing_style: str) -> Config:
    """The checksums that boto3 sends since 1.36 are unknown to many other stores."""
    return Config(
        signature_version="s3v4",
        s3={"addressing_style": addressing_style},
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        connect_timeout=10,
        read_timeout=60,
        retries={"mode": "standard", "total_max_attempts": 3},
    )
