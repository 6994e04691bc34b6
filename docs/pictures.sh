#!/usr/bin/env bash
# Take the READMEs' pictures of the report on the simulated shop: docs/pictures.sh [path of shijin]. Needs chromium and a
# Chinese font (Debian: apt-get install chromium fonts-noto-cjk).
set -euo pipefail
cd "$(dirname "$0")/.."
shijin=$(realpath "${1:-.venv/bin/shijin}")
chromium=$(command -v chromium || command -v chromium-browser || command -v google-chrome) \
  || { echo "no chromium here. Cure: apt-get install chromium fonts-noto-cjk." >&2; exit 2; }
declare -A height
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

(cd "$work" && "$shijin" demo --simulated --json > /dev/null)
page=$work/simulated-shop/report.html
height=([en]=2017 [zh]=1791)  # down to the foot of the first charts
for language in en zh; do
  # The page opens in the shop's language; let it open in this one.
  sed -i -E "s/(class=\"switch\"[^>]*) checked>/\1>/; s/(id=\"to-$language\"[^>]*)>/\1 checked>/" "$page"
  "$chromium" --headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking \
    --disable-component-update --disable-sync --user-data-dir="$work/profile" --hide-scrollbars \
    --force-device-scale-factor=1 --window-size="1100,${height[$language]}" --screenshot="$work/$language.png" \
    "file://$page" 2> "$work/chromium.log" || { cat "$work/chromium.log" >&2; exit 1; }
  mv "$work/$language.png" "docs/images/report-$language.png"
done
ls -l docs/images
