"""Distinguishes products from postage, fees, tests and corrections by their codes, and unifies names of event types.

It does not know which kind of source a row came from.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from shijin.config import ItemsSection

PRODUCT, CHARGE, TEST = "product", "charge", "test"

_TYPES = {
    "order": "order purchase purchased buy bought sale sold orderline invoice transaction ordercompleted completedorder "
    "checkoutcompleted orderplaced placedorder orderpaid ecommercepurchase inapppurchase productpurchased trtransaction "
    "orderconfirmed orderfinished ordercreated ordersubmitted completepurchase completedpurchase purchasecompleted "
    "purchasecomplete checkoutcomplete completedcheckout madepurchase madeapurchase buynow productbought itempurchased "
    "purchaseitem boughtproduct "
    "购买 下单 订单 销售 支付 成交 付款 完成订单 买 购买商品 支付成功 付款成功 下单成功 订单支付 支付订单 完成支付 完成购买 交易 购入",
    "return": "return returned refund refunded cancellation creditnote orderrefunded orderreturned productreturned "
    "itemreturned refundcompleted refundissued refundedorder returnedorder 退货 退款 退款成功 申请退款 退货退款",
    "charge": "charge fee shipping postage 运费 邮费",
    "view": "view viewed pageview pageviewed pv productview productviewed viewedproduct viewitem detail detailview "
    "productdetailview itemview itemviewed viewcontent viewproduct productpageview screenview page viewitemlist "
    "productlistviewed viewpromotion collectionviewed productclicked clickedproduct selectitem selectcontent "
    "impressiondetail promotionviewed viewedpromotion viewedproductcategory viewcategory categoryview viewedpage browse "
    "visit viewdetail productdetail detailpageview 浏览 查看 访问 浏览商品 查看商品 商品浏览 商品详情 查看详情 浏览页面 页面浏览",
    "cart": "cart addtocart addcart addedtocart productadded productaddedtocart addedproduct addedproducttocart itemadded "
    "itemaddedtocart cartadd addtobasket addedtobasket addtobag addedtobag addbasket basket wishlistproductaddedtocart "
    "cartaddition additemtocart addproducttocart "
    "加购 加入购物车 添加购物车 加购物车 放入购物车 加车 添加到购物车 购物车",
    "cart_removed": "removefromcart removecart removedfromcart productremoved productremovedfromcart removedproduct "
    "removedproductfromcart itemremoved itemremovedfromcart cartremove cartremoved cartremoval deletefromcart deletecart "
    "deletedfromcart removefrombasket removedfrombasket removefrombag removebasket removeitemfromcart emptycart "
    "clearcart cartcleared "
    "移出购物车 删除购物车 取消加购 移除购物车 从购物车移除 从购物车删除 购物车删除 购物车移除 删除购物车商品 清空购物车",
    "wishlist": "wishlist addtowishlist addedtowishlist productaddedtowishlist addedproducttowishlist favorite favourite "
    "fav favorites favourites addtofavorites addtofavourites addedtofavorites savedforlater saveforlater "
    "收藏 加入收藏 喜欢 收藏商品 加收藏 添加收藏 加入心愿单",
    "search": "search searched productssearched searchedproducts productsearched viewsearchresults searchsubmitted "
    "sitesearch searchquery searchperformed 搜索 检索 搜索商品 商品搜索",
    "checkout": "checkout begincheckout checkoutstarted startedcheckout initiatecheckout initiatedcheckout addpaymentinfo "
    "addshippinginfo paymentinfoentered paymentinfosubmitted checkoutstepviewed viewedcheckoutstep checkoutstepcompleted "
    "completedcheckoutstep checkoutcontactinfosubmitted checkoutaddressinfosubmitted checkoutshippinginfosubmitted "
    "cartviewed viewedcart viewcart startcheckout proceedtocheckout "
    "结算 去结算 提交订单 查看购物车 结账 去支付 开始结算",
    "review": "review rating rated productreviewed reviewedproduct comment 评价 评论",
    "contact": "contact call email",
    "exposure": "exposure impression",
    "click": "click clicked 点击",
    "void": "void voided cancelled canceled failed ordercancelled ordercanceled cancelledorder canceledorder "
    "取消 作废 取消订单",
}
_FEEDBACK = {
    "rating": "rating rated rate review stars score 评分 打分 评价 星级",
    "dismiss": "dismiss dismissed dismissal notinterested notinteresting uninterested hide hidden thumbsdown dislike "
    "disliked 不感兴趣 没兴趣 不喜欢 隐藏 屏蔽 踩",
    "click": "click clicked clickthrough 点击 点开",
    "exposure": "exposure exposed impression impressions shown show displayed 曝光 展示 展现",
    "conversion": "conversion converted convert 转化 转换 成交",
    "correction": "correction corrected correct wrongtier tiercorrection righttier tier 分级错误 分级纠正 分级更正 "
    "层级错误 层级纠正 层级更正 纠正 更正",
}
_CORRECTION = r"(manual|adjust(ment)?|correction|discount|samples?|bank charges|bad debt|write.?off|test)\b.*"
_TIERS = {"high": "高 高级", "normal": "medium 中 中等 普通 一般 正常", "low": "低 低级"}
# Words of trackers for what is no action with an item; they stay types of their own.
OTHER_EVENTS = frozenset(
    [
        "sessionstart",
        "sessionend",
        "firstvisit",
        "userengagement",
        "scroll",
        "login",
        "logout",
        "signup",
        "signedup",
        "identify",
        "track",
        "screen",
        "group",
        "alias",
        "autocapture",
        "pageping",
        "linkclick",
        "buttonclick",
        "filedownload",
        "formstart",
        "formsubmit",
        "formsubmission",
        "videostart",
        "videoprogress",
        "videocomplete",
        "removefromwishlist",
        "removedfromwishlist",
        "productremovedfromwishlist",
        "couponapplied",
        "couponentered",
        "couponremoved",
        "coupondenied",
        "productshared",
        "cartshared",
        "productlistfiltered",
        "promotionclicked",
        "selectpromotion",
        "orderupdated",
        "transactionitem",
        "generatelead",
        "share",
        "appopen",
        "appremove",
        "firstopen",
        "notificationopen",
        "install",
        "uninstall",
        "pageleave",
        "pageexit",
        "applicationopened",
        "applicationinstalled",
        "alertdisplayed",
        "uiextensionerrored",
        "登录",
        "注册",
        "分享",
        "领券",
        "取消收藏",
        "退出",
        "关注",
        "签到",
    ]
)
KNOWN_TYPES = {word: name for name, words in _TYPES.items() for word in words.split()}
FEEDBACK_WORDS = {word: name for name, words in _FEEDBACK.items() for word in words.split()}
TIER_WORDS = {word: name for name, words in _TIERS.items() for word in words.split()}


def kinds_of_items(codes: pa.Array, names: pa.Array, items: ItemsSection, unsold: pa.Array | None = None) -> pa.Array:
    """Distinguish products, charges and tests by their code or name.

    A one-letter code such as Online Retail's ``M`` is a correction only where its own row confirms it: by its name, or
    by having no name and no sale. A shop whose products are called A, B and C sells B. Each row is judged by itself, so
    later rows of a file never change earlier ones.

    Parameters
    ----------
    codes, names : (n,) string, nullable
    unsold : (n,) bool
        Rows without a customer, or with an amount of zero or less.

    Returns
    -------
    (n,) string: ``product``, ``charge`` or ``test``.

    Examples
    --------
    >>> codes = pa.array(["85048", "POST", "TEST001", "M", "M", None, None])
    >>> names = pa.array([None, None, None, "Manual", None, "Shipping fee", "Postage stamp album"])
    >>> kinds_of_items(codes, names, ItemsSection()).to_pylist()
    ['product', 'charge', 'test', 'test', 'product', 'charge', 'product']
    """
    charge = pc.or_(_matches(codes, items.charges), _matches(names, items.charges))
    test = _matches(codes, items.tests)
    # A test that the row itself does not confirm is a product: the default patterns contain one-letter codes.
    if items.tests == ItemsSection().tests:  # the patterns that a shop configures need no confirmation
        confirmed = _matches(names, (_CORRECTION,))
        if unsold is not None:
            confirmed = pc.or_(confirmed, pc.and_(pc.is_null(names), unsold))
        test = pc.and_(test, pc.or_(confirmed, _is_longer_than_a_letter(codes)))
    test = pc.or_(test, pc.and_(_matches(names, items.tests), _is_longer_than_a_letter(names)))
    return pc.if_else(test, TEST, pc.if_else(charge, CHARGE, PRODUCT))


def canonical_types(types: pa.Array, known: Mapping[str, str] = KNOWN_TYPES) -> pa.Array:
    """Replace known words for types by their one name; a shop's own types stay as they are, in lower case.

    Examples
    --------
    >>> canonical_types(pa.array(["Not interested", "曝光"]), FEEDBACK_WORDS).to_pylist()
    ['dismiss', 'exposure']
    >>> canonical_types(pa.array(["Purchase", "add-to-cart", "退款", "unboxing", None])).to_pylist()
    ['order', 'cart', 'return', 'unboxing', None]
    """
    encoded = types.dictionary_encode()
    words = encoded.dictionary.to_pylist()
    named = [known.get(plain(word), word.strip().lower()) for word in words]
    return pa.array(named, pa.string()).take(encoded.indices)


def plain(name: str) -> str:
    """Reduce a name to letters and digits without case, so that ``Customer_ID`` is ``customerid``."""
    return "".join(letter for letter in name.casefold() if letter.isalnum())


def _is_longer_than_a_letter(texts: pa.Array) -> pa.Array:
    return pc.greater(pc.fill_null(pc.utf8_length(texts), 0), 1)


def _matches(texts: pa.Array, patterns: tuple[str, ...]) -> pa.Array:
    """Whether a whole text matches one of the patterns, whatever its case; each distinct text is matched once."""
    if not patterns:
        return pa.array(np.zeros(len(texts), dtype=bool))
    encoded = texts.dictionary_encode()
    whole = "(?i)^(?:" + "|".join(f"(?:{pattern})" for pattern in patterns) + ")$"
    matches = pc.match_substring_regex(encoded.dictionary, whole).take(encoded.indices)
    return pc.fill_null(matches, fill_value=False)
