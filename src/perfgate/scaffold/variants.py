"""What a job may need besides perfgate: steps and containers that stand in the workflows as comments, ready to be used.

A line that begins with `## ` says what the lines below it are for; a line that begins with `# ` is YAML once that is
taken away. Each part may be used alone or with any of the others.
"""

from __future__ import annotations

# Of the job: containers that GitHub starts before the steps, and where the services find them.
BESIDE = """\
## What your services need beside them: take the "# " from the next line, and from those below the titles that you want
# services:
## PostgreSQL, at 127.0.0.1:5432
#   postgres:
#     image: postgres:17
#     env:
#       POSTGRES_PASSWORD: perfgate
#     ports: ["5432:5432"]
#     options: --health-cmd "pg_isready --username postgres" --health-interval 2s --health-retries 30
## Redis, at 127.0.0.1:6379
#   redis:
#     image: redis:7
#     ports: ["6379:6379"]
#     options: --health-cmd "redis-cli ping" --health-interval 2s --health-retries 30
## An image of your own, at 127.0.0.1:9000: put its name here, in small letters
#   beside:
#     image: IMAGE
#     ports: ["9000:9000"]
## Where they are: the services that perfgate starts see these variables
# env:
#   DATABASE_URL: postgresql://postgres:perfgate@127.0.0.1:5432/postgres
#   REDIS_URL: redis://127.0.0.1:6379/0"""

# Of the steps, before anything is measured.
BEFORE = """\
## What services and scenarios need in Python
# - run: python -m pip install --requirement requirements.txt
## Services written in Node; for comparisons, budgets.toml says setup = "npm ci", too (docs/github.md)
# - uses: actions/setup-node@6044e13b5dc448c55e2357c09f80417699197238 # v6.2.0
#   with:
#     node-version: "24"
# - run: npm ci
## Services in containers: builds the image, so that `command` in budgets.toml finds most of it built (docs/github.md)
# - run: docker build --quiet .
## A container beside them that needs files of this repository, at 127.0.0.1:9000: put the image's name here
# - run: docker run --detach --publish 127.0.0.1:9000:9000 --volume "$PWD:/work:ro" IMAGE"""
