"""A small shop, and writers of it in the shape of each platform's export: `PLATFORMS` lists them.

A writer gives the files of its platform with the real headers, statuses, dates, encodings and rows. What a file cannot
show (a refund, an order without money) is left out of the shop beforehand.
"""

from platforms.chinese import CHINESE
from platforms.events import EVENTS
from platforms.marketplaces import MARKETPLACES
from platforms.shop import Platform
from platforms.shops import SHOPS

PLATFORMS: dict[str, Platform] = {one.name: one for one in (*SHOPS, *MARKETPLACES, *CHINESE, *EVENTS)}
