"""Why is the memory of this service (not) growing?

The tools stand alone: Flag, Memory, Load, Patterns and Scan, Series, Timeline. On top: Scenario,
Session, Observation, Diagnosis. Errors are subclasses of Error. What is not known is None.
"""

from .access import Access, AccessState, Right, rbac_yaml
from .base import (parse_duration_ms, parse_quantity, read_file, status_name, version, write_file)
from .cluster import Cluster, ExecPolicy
from .diagnosis import (Cause, Check, Confidence, Diagnosis, Format, Outcome, TimeToLimit, Verdict,
                        diagnose, replay)
from .errors import (AuthError, CallbackError, CancelledError, ConflictError, DeadlineError, Error,
                     InvalidError, IoError, LimitError, NoMemoryError, NotFoundError, ProtocolError,
                     Status, UnsupportedError)
from .flag import Flag, Flags, FlagState, FlagType
from ._handle import CancelToken
from .load import Load, LoadRow, LoadState
from .log import LogLevel, LogRecord
from .logs import Capture, LogLine, Pattern, Patterns, Scan, count_patterns
from .memory import Memory
from .observation import Fact, Observation
from .pods import PodContainer, Pods
from .scenario import (EmbeddedTest, LintMessage, Param, Scenario, ScenarioCause, ScenarioCheck,
                       lint)
from .series import LeakVerdict, MemoryFinding, Series, TraceClass, Trend
from .session import Session, Watched
from .timeline import Comparison, Timeline, TimelinePoint
from .transport import HttpAnswer, HttpFailure, HttpRequest, Transport

__version__: str = version()

__all__ = [
    "Access", "AccessState", "AuthError", "CallbackError", "CancelToken", "CancelledError", "Capture", "Cause", "Check",
    "Cluster", "Comparison", "Confidence", "ConflictError", "DeadlineError", "Diagnosis", "EmbeddedTest",
    "Error", "ExecPolicy", "Fact", "Flag", "FlagState", "FlagType", "Flags", "Format", "HttpAnswer", "HttpFailure", "HttpRequest", "InvalidError", "IoError",
    "LeakVerdict", "LimitError", "LintMessage", "Load", "LoadRow", "LoadState", "LogLevel", "LogLine", "LogRecord", "Memory",
    "MemoryFinding", "NoMemoryError", "NotFoundError", "Observation", "Outcome", "Param", "Pattern",
    "Patterns", "PodContainer", "Pods", "ProtocolError", "Right", "Scan", "Scenario", "ScenarioCause", "ScenarioCheck", "Series",
    "Session", "Status", "TimeToLimit", "Timeline", "TimelinePoint", "TraceClass", "Transport", "Trend",
    "UnsupportedError", "Verdict", "Watched", "__version__", "count_patterns", "diagnose", "lint",
    "parse_duration_ms", "parse_quantity", "rbac_yaml", "read_file", "replay", "status_name", "version",
    "write_file",
]
