"""`perfgate doctor`: looks at the machine, the file and the services, and says what to mend."""

from perfgate.doctor.examination import examine
from perfgate.doctor.finding import Finding, exit_code

__all__ = ["Finding", "examine", "exit_code"]
