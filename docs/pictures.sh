#!/usr/bin/env bash
# Take the READMEs' pictures of the report on the simulated shop: docs/pictures.sh [path of shijin]. Needs chromium and a
# Chinese font (Debian: apt-get install chromium fonts-noto-cjk).
set -euo pipefail
cd "$(dirname "$0")/.."
shijin=$(realpath "${1:-.venv/bin/shijin}")
chromium=$(command -v chromium || command -v chromium-browser || command -v google-chrome) \
  || { echo "no chromium here. Cure: apt-get install chromium fonts-noto-cjk." >&2; exit 2; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

browse() {  # FLAG... FILE
  "$chromium" --headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking \
    --disable-component-update --disable-sync --user-data-dir="$work/profile" --hide-scrollbars \
    --virtual-time-budget=5000 --run-all-compositor-stages-before-draw --force-device-scale-factor=1 \
    "${@:1:$#-1}" "file://${!#}" 2> "$work/chromium.log" \
    || { cat "$work/chromium.log" >&2; exit 1; }
}

take() {  # PAGE PICTURE LAST: from the top of a page down to the foot of what the selector LAST finds
  # The page asks itself how tall that is; the report forbids scripts, so this is a copy that does not.
  sed -e '/Content-Security-Policy/d' -e "s|</body>|<script>document.title = 'tall ' + Math.ceil(Array.from(\
document.querySelectorAll('$3')).find(one => one.offsetHeight).getBoundingClientRect().bottom + 12)</script></body>|" \
    "$1" > "$work/measured.html"
  tall=$(browse --window-size=1100,800 --dump-dom "$work/measured.html" | grep -o -m 1 'tall [0-9]*' | tr -dc 0-9)
  browse --window-size="1100,$tall" --screenshot="$work/picture.png" "$1"
  mv "$work/picture.png" "docs/images/$2.png"
}

(cd "$work" && "$shijin" demo --simulated --json > /dev/null)
shop=$work/simulated-shop
alone='<style>.bar, .opening, section:not(:has(.map)), section > :not(.map) { display: none !important }</style>'
wants='<style>.bar, .opening, section:not([id^=wants]) { display: none !important }</style>'
for language in en zh; do
  if [ "$language" = zh ]; then
    sed -i -e 's/^name = .*/name = "模拟店铺"\nlocale = "zh"/' "$shop/shijin.toml"
    "$shijin" report -w "$shop" --json > /dev/null
  fi
  take "$shop/report.html" "report-$language" 'section[id^=value] > .pair'
  sed "s|</head>|$alone</head>|" "$shop/report.html" > "$work/map.html"
  take "$work/map.html" "map-$language" .map
  sed "s|</head>|$wants</head>|" "$shop/report.html" > "$work/wants.html"
  take "$work/wants.html" "wants-$language" .samples
done
ls -l docs/images
