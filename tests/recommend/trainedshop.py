"""A recommender trained on a simulated shop, for the tests of rankings."""

from listshop import SimulatedShop

from shijin.recommend.ranking.recommender import Recommender
from shijin.recommend.ranking.training import train_recommender
from shijin.recommend.ranking.training_windows import TrainedOn, TrainingData

DAYS = 30


def trained(
    shop: SimulatedShop, trained_on: TrainedOn | None = None, *, allow_repeat: bool = True, threads: int = 1
) -> Recommender:
    return train_recommender(
        TrainingData(shop.actions, shop.catalogue, DAYS, trained_on, threads), allow_repeat=allow_repeat
    )
