"""The variables in which other CIs than GitHub's and GitLab's name the change under test, as each documents them.

Bitbucket and Jenkins merge the target into the change before anything runs; Azure checks out a merge of the change into
the target, and so does Buildkite where it is told to. `change` looks at what is checked out; here is what they say.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Pipeline:
    """Names of variables; an empty name is one that the CI does not have.

    Attributes:
        name: of the CI.
        marker: set wherever it runs.
        request: the pull request's number; absent, empty or `false` for anything else.
        head: the change's own newest commit.
        base: where its target branch is.
        onto: the commit that a merge queue put it on.
        target: the branch into which it is to go.
        branch: the branch that is built.
        default: the default branch.
    """

    name: str
    marker: str
    request: str
    head: str = ""
    base: str = ""
    onto: str = ""
    target: str = ""
    branch: str = ""
    default: str = ""


PIPELINES = (
    # https://support.atlassian.com/bitbucket-cloud/docs/variables-and-secrets/
    Pipeline(
        "Bitbucket",
        "BITBUCKET_BUILD_NUMBER",
        "BITBUCKET_PR_ID",
        head="BITBUCKET_COMMIT",
        base="BITBUCKET_PR_DESTINATION_COMMIT",
        target="BITBUCKET_PR_DESTINATION_BRANCH",
        branch="BITBUCKET_BRANCH",
    ),
    # https://buildkite.com/docs/pipelines/configure/environment-variables
    Pipeline(
        "Buildkite",
        "BUILDKITE",
        "BUILDKITE_PULL_REQUEST",
        head="BUILDKITE_COMMIT",
        onto="BUILDKITE_MERGE_QUEUE_BASE_COMMIT",
        target="BUILDKITE_PULL_REQUEST_BASE_BRANCH",
        branch="BUILDKITE_BRANCH",
        default="BUILDKITE_PIPELINE_DEFAULT_BRANCH",
    ),
    # https://learn.microsoft.com/azure/devops/pipelines/build/variables
    Pipeline(
        "Azure Pipelines",
        "TF_BUILD",
        "SYSTEM_PULLREQUEST_PULLREQUESTID",
        head="SYSTEM_PULLREQUEST_SOURCECOMMITID",
        target="SYSTEM_PULLREQUEST_TARGETBRANCH",
        branch="BUILD_SOURCEBRANCH",
    ),
    # https://www.jenkins.io/doc/book/pipeline/multibranch/ (its GIT_COMMIT is the head or the merge, as it is told)
    Pipeline("Jenkins", "JENKINS_URL", "CHANGE_ID", target="CHANGE_TARGET", branch="BRANCH_NAME"),
)
