"""The public names, for type checkers: `__init__.py` imports them when they are first used, and not before."""

from locust import SequentialTaskSet as SequentialTaskSet
from locust import TaskSet as TaskSet
from locust import between as between
from locust import constant as constant
from locust import constant_pacing as constant_pacing
from locust import constant_throughput as constant_throughput
from locust import events as events
from locust import tag as tag
from locust import task as task

from perfgate.custom_metric import metric as metric
from perfgate.drive.client import HttpUser as HttpUser
from perfgate.errors import PerfgateError as PerfgateError
from perfgate.interface import compare_revisions as compare_revisions
from perfgate.interface import judge_recording as judge_recording
from perfgate.interface import load_plan as load_plan
from perfgate.interface import load_result as load_result
from perfgate.interface import render as render
from perfgate.interface import run as run
from perfgate.judge.result import Check as Check
from perfgate.judge.result import Result as Result
from perfgate.judge.result import RunResult as RunResult
from perfgate.plan.plan import Plan as Plan
from perfgate.suite.amount import ms as ms
from perfgate.suite.amount import per_second as per_second
from perfgate.suite.amount import percent as percent
from perfgate.suite.amount import seconds as seconds

__version__: str
