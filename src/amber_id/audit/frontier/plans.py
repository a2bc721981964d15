"""What is done to clips at each point, and what does that rest on?"""

from amber_id.anonymisers import LearnedModel, Plan, Pool, parsed_defences, pool_of
from amber_id.audit.frontier.config import FrontierConfig
from amber_id.errors import UsageError
from amber_id.recordings import RecordingSet


def plans_of(
    config: FrontierConfig, donors: RecordingSet | None, model: LearnedModel | None = None
) -> dict[str, Plan]:
    """What is done at each point.

    Raises
    ------
    UsageError
        If a defence is unknown, lacks donors or a model, or these are given and no defence uses
        them; or donors are fewer than two.
    """
    check_plans(config, model, with_donors=donors is not None)
    pool = None if donors is None else pool_of(donors)
    return {name: Plan(parsed_defences(name), config.seed, pool, model) for name in config.points}


def check_plans(config: FrontierConfig, model: LearnedModel | None, *, with_donors: bool) -> None:
    """Refuse defences that lack donors or a model, and these where no defence uses them; reads no donor.

    Raises
    ------
    UsageError
        As `plans_of`.
    """
    chains = [parsed_defences(name) for name in config.points]
    steps = [applied.defence for chain in chains for applied in chain]
    if model is not None and not any(each.needs_model for each in steps):
        raise UsageError("--model: none of these defences was learned; leave it out")
    if with_donors and not any(each.from_pool or each.donor == "population" for each in steps):
        raise UsageError("--donors: none of these defences takes on the style of anybody there; leave it out")
    for chain in chains:
        Plan(chain, config.seed, Pool("not read yet", ()) if with_donors else None, model)


def state_of(plan: Plan) -> list[str | None]:
    """What a plan rests on besides its text and seed: whose styles, and what was learned."""
    pools = [plan.pool_of(applied.defence) for applied in plan.chain]
    origins = [None if pool is None else pool.origin for pool in pools]
    models = [plan.model_of(applied.defence) for applied in plan.chain]
    return [*origins, *(model.sha256 for model in models if model is not None)]
