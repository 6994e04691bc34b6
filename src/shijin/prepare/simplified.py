"""Chinese written traditionally, as in Taiwan and Hong Kong, in the simplified characters of the lists of words."""

from __future__ import annotations

# Characters of commerce and daily life; each stands where its simplified one does below.
_TRADITIONAL = (
    "訂單號編會員戶買賣總額實時間數種類稱價態運優電話碼郵顧銷貨從據點開關閉轉換發請認確準備決處領簽證訊記"
    "錄結帳賬幣計費貼減廣專區縣鄉國陽門網線頁條規圖標題詳細註語評論級體積兌預長寬歲聯係絡機務責經業產紅綠"
    "藍黃壓應當對錯誤無為後還這個們來進過達選遞遲鎖釋銀錢鐘離難雙雜頭願驗鮮麼斷權檢櫃廠廢張強彈徵憑戰擊擇"
    "損擔撥攜敗啟團執報場壞夠奪學寫導層屬師庫廳異畢畫盜監禮稅穩競筆節範簡糾約紙納紀終組統維緊縮績繳繼續罰"
    "職腦臨舊藥虧補裝裡見視親觀觸設許訴試該誠說調談謝識護變讓負財貴資賞賠質贈贖車軟輕載輸辦適遺鄰醫釘針鈕"
    "鋪鍵鏈險隨隱際陸陳隊階雲靜響項順須頻顏風飛飯飾館馬驚鬆魚麥齊龍龜尋將購貯賓賴贏趕軍輯況凍涼淨滿滯潔潛"
    "濟灣熱爭爾狀獎獲現環療盡礎穫勞勝動匯協卻參吳問嚴圍圓塊墊壽夾妝婦孫寧審屆岡島幫幹廚憶懷戲拋掃搶擴攝樓"
    "樣樂歡歷歸殺氣澤燈牆畝皺盤籤絕給綜緩羅聲聽脫臉艦莊蝦術衛複復覽訪詢詞課諮謹譯讀豐貸賀賽贊躍輔輛輪辭邊"
    "邏鄭鑒閱陣陰雞靈韓頂頓顯餘駕驛髮鬥鹽齡齒"
)
_SIMPLIFIED = (
    "订单号编会员户买卖总额实时间数种类称价态运优电话码邮顾销货从据点开关闭转换发请认确准备决处领签证讯记"
    "录结账账币计费贴减广专区县乡国阳门网线页条规图标题详细注语评论级体积兑预长宽岁联系络机务责经业产红绿"
    "蓝黄压应当对错误无为后还这个们来进过达选递迟锁释银钱钟离难双杂头愿验鲜么断权检柜厂废张强弹征凭战击择"
    "损担拨携败启团执报场坏够夺学写导层属师库厅异毕画盗监礼税稳竞笔节范简纠约纸纳纪终组统维紧缩绩缴继续罚"
    "职脑临旧药亏补装里见视亲观触设许诉试该诚说调谈谢识护变让负财贵资赏赔质赠赎车软轻载输办适遗邻医钉针钮"
    "铺键链险随隐际陆陈队阶云静响项顺须频颜风飞饭饰馆马惊松鱼麦齐龙龟寻将购贮宾赖赢赶军辑况冻凉净满滞洁潜"
    "济湾热争尔状奖获现环疗尽础获劳胜动汇协却参吴问严围圆块垫寿夹妆妇孙宁审届冈岛帮干厨忆怀戏抛扫抢扩摄楼"
    "样乐欢历归杀气泽灯墙亩皱盘签绝给综缓罗声听脱脸舰庄虾术卫复复览访询词课咨谨译读丰贷贺赛赞跃辅辆轮辞边"
    "逻郑鉴阅阵阴鸡灵韩顶顿显余驾驿发斗盐龄齿"
)
_TABLE = str.maketrans(_TRADITIONAL, _SIMPLIFIED)


def simplified(text: str) -> str:
    """Replace traditional characters by simplified ones, letter by letter.

    Examples
    --------
    >>> simplified("訂單編號"), simplified("Order ID")
    ('订单编号', 'Order ID')
    """
    return text if text.isascii() else text.translate(_TABLE)
