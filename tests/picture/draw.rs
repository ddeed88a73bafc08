//! Drawing the two lines as SVG: plain shapes and classes, so that every renderer shows them.

use super::{Flow, Lane, Step};

const WIDTH: i32 = 920;
const BOX_WIDTH: i32 = 156;
const BOX_HEIGHT: i32 = 92;
const GAP: i32 = 22;
const LEFT: i32 = 26;
const NIGHT_TOP: i32 = 10;
const NIGHT_HEIGHT: i32 = 196;
const QUESTION_TOP: i32 = NIGHT_TOP + NIGHT_HEIGHT + 28;
const QUESTION_HEIGHT: i32 = 374;
const UPPER: i32 = QUESTION_TOP + 56;
const LOWER: i32 = UPPER + BOX_HEIGHT + 106;
const BORDER: i32 = UPPER + BOX_HEIGHT + 53;
const HEIGHT: i32 = QUESTION_TOP + QUESTION_HEIGHT + 10;

/// Colours by class: light, then dark.
const STYLE: [(&str, &str, &str); 15] = [
    (
        ".lane",
        "fill:#f6f8fa;stroke:#d0d7de",
        "fill:#161b22;stroke:#30363d",
    ),
    (
        ".box",
        "fill:#ffffff;stroke:#8c959f",
        "fill:#0d1117;stroke:#6e7681",
    ),
    (
        ".trusted",
        "fill:#ddf4ff;stroke:#0969da",
        "fill:#0c2d4a;stroke:#4493f8",
    ),
    (
        ".person",
        "fill:#fff8e6;stroke:#9a6700",
        "fill:#2b2111;stroke:#d29922",
    ),
    (".arrow", "stroke:#59636e", "stroke:#9198a1"),
    (".head", "fill:#59636e", "fill:#9198a1"),
    (".border", "stroke:#cf222e", "stroke:#f85149"),
    (".plate", "fill:#f6f8fa", "fill:#161b22"),
    ("text", "fill:#1f2328", "fill:#f0f6fc"),
    (".quiet", "fill:#59636e", "fill:#9198a1"),
    (".warn", "fill:#cf222e;font-weight:600", "fill:#ff7b72"),
    (".title", "font-size:17px;font-weight:600", ""),
    (".name", "font-size:15.5px;font-weight:600", ""),
    (".border,.arrow", "fill:none", ""),
    (".border", "stroke-width:2;stroke-dasharray:9 6", ""),
];

/// The whole picture.
pub(super) fn svg(flow: &Flow) -> String {
    let mut out = Canvas::default();
    out.open();
    night(&mut out, &flow.night, &flow.legend);
    question(&mut out, flow);
    out.text.push_str("</svg>\n");
    out.text
}

fn column(index: usize) -> i32 {
    LEFT + i32::try_from(index).unwrap_or(0) * (BOX_WIDTH + GAP)
}

fn middle(index: usize) -> i32 {
    column(index) + BOX_WIDTH / 2
}

fn night(out: &mut Canvas, lane: &Lane, legend: &str) {
    out.lane(NIGHT_TOP, NIGHT_HEIGHT, lane);
    out.rect("trusted", (WIDTH - LEFT - 22, NIGHT_TOP + 18, 22, 16), 4);
    out.words("quiet", "end", (WIDTH - LEFT - 32, NIGHT_TOP + 31), legend);
    let top = NIGHT_TOP + 50;
    for (index, step) in lane.steps.iter().enumerate() {
        out.step(column(index), top, step);
        if index > 0 {
            let y = top + BOX_HEIGHT / 2;
            out.arrow(&[(column(index) - GAP, y), (column(index), y)]);
        }
    }
    out.words(
        "quiet",
        "start",
        (LEFT, NIGHT_TOP + NIGHT_HEIGHT - 22),
        lane.note("note"),
    );
}

fn question(out: &mut Canvas, flow: &Flow) {
    let lane = &flow.question;
    out.lane(QUESTION_TOP, QUESTION_HEIGHT, lane);
    border(out, lane);
    out.person(&flow.asks);
    for (index, step) in lane.steps.iter().enumerate() {
        let (place, top) = if index < 3 {
            (index + 1, UPPER)
        } else {
            (6 - index, LOWER)
        };
        out.step(column(place), top, step);
    }
    let (upper, lower) = (UPPER + BOX_HEIGHT / 2, LOWER + BOX_HEIGHT / 2);
    for place in 1..=3 {
        out.arrow(&[(column(place) - GAP, upper), (column(place), upper)]);
        out.arrow(&[(column(place), lower), (column(place) - GAP, lower)]);
    }
    out.arrow(&[(middle(3), UPPER + BOX_HEIGHT), (middle(3), LOWER)]);
    let from = NIGHT_TOP + 50 + BOX_HEIGHT;
    out.arrow(&[
        (middle(4), from),
        (middle(4), lower),
        (column(3) + BOX_WIDTH, lower),
    ]);
}

/// The horizontal line, with what holds on either side of it.
fn border(out: &mut Canvas, lane: &Lane) {
    let (from, to) = (column(1), WIDTH - LEFT);
    out.line(&format!(
        r#"<path class="border" d="M{from} {BORDER}H{to}"/>"#
    ));
    out.rect("plate", (from + 24, BORDER - 12, 240, 24), 0);
    out.words(
        "warn",
        "middle",
        (from + 144, BORDER + 5),
        lane.note("line"),
    );
    out.words("quiet", "start", (from, BORDER - 22), lane.note("above"));
    out.words("quiet", "start", (from, BORDER + 31), lane.note("below"));
}

#[derive(Default)]
struct Canvas {
    text: String,
}

impl Canvas {
    fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    fn open(&mut self) {
        let title = "The two lines through Lazaret: every night, and each question";
        self.line(&format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" \
             role=\"img\">\n<title>{title}</title>\n<style>\n\
             text{{font:13px system-ui,'Segoe UI',Helvetica,Arial,sans-serif}}\n\
             .box,.trusted,.person,.arrow{{stroke-width:1.5}}"
        ));
        for (class, light, _) in STYLE {
            self.line(&format!("{class}{{{light}}}"));
        }
        self.text.push_str("@media (prefers-color-scheme:dark){\n");
        for (class, _, dark) in STYLE.iter().filter(|(_, _, dark)| !dark.is_empty()) {
            self.line(&format!("{class}{{{dark}}}"));
        }
        self.text.push_str("}\n</style>\n");
    }

    fn lane(&mut self, top: i32, height: i32, lane: &Lane) {
        self.rect("lane", (8, top, WIDTH - 16, height), 12);
        let y = top + 31;
        self.line(&format!(
            "<text class=\"title\" x=\"{LEFT}\" y=\"{y}\">{}<tspan class=\"quiet\" dx=\"10\" \
             font-size=\"14\" font-weight=\"400\">{}</tspan></text>",
            escape(&lane.title),
            escape(&lane.place)
        ));
    }

    fn step(&mut self, x: i32, y: i32, step: &Step) {
        let class = if step.trusted { "trusted" } else { "box" };
        self.rect(class, (x, y, BOX_WIDTH, BOX_HEIGHT), 8);
        self.words("name", "middle", (x + BOX_WIDTH / 2, y + 32), &step.name);
        for (caption, line) in step.captions.iter().zip([56, 74]) {
            self.words("quiet", "middle", (x + BOX_WIDTH / 2, y + line), caption);
        }
    }

    /// The researcher, on the left, at both ends of the line.
    fn person(&mut self, asks: &[String]) {
        let height = LOWER + BOX_HEIGHT - UPPER;
        self.rect("person", (column(0), UPPER, BOX_WIDTH, height), 8);
        let rows = [
            (
                "quiet",
                "end",
                (column(0) + BOX_WIDTH - 14, UPPER + BOX_HEIGHT / 2 + 5),
            ),
            ("name", "middle", (middle(0), UPPER + height / 2 + 5)),
            (
                "quiet",
                "end",
                (column(0) + BOX_WIDTH - 14, LOWER + BOX_HEIGHT / 2 + 5),
            ),
        ];
        let order = [1, 0, 2];
        for ((class, anchor, place), index) in rows.into_iter().zip(order) {
            self.words(
                class,
                anchor,
                place,
                asks.get(index).map_or("", String::as_str),
            );
        }
    }

    fn rect(&mut self, class: &str, (x, y, width, height): (i32, i32, i32, i32), round: i32) {
        self.line(&format!(
            "<rect class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"{width}\" \
             height=\"{height}\" rx=\"{round}\"/>"
        ));
    }

    fn words(&mut self, class: &str, anchor: &str, (x, y): (i32, i32), words: &str) {
        self.line(&format!(
            "<text class=\"{class}\" x=\"{x}\" y=\"{y}\" text-anchor=\"{anchor}\">{}</text>",
            escape(words)
        ));
    }

    /// A line through the points with its head at the last, which is reached straight.
    fn arrow(&mut self, points: &[(i32, i32)]) {
        let [.., before, (x, y)] = points else { return };
        let (dx, dy) = ((x - before.0).signum(), (y - before.1).signum());
        let (base_x, base_y) = (x - dx * 9, y - dy * 9);
        let path: Vec<String> = points.iter().map(|(x, y)| format!("{x} {y}")).collect();
        let body = path[..path.len() - 1].join("L");
        self.line(&format!(
            r#"<path class="arrow" d="M{body}L{base_x} {base_y}"/>"#
        ));
        self.line(&format!(
            r#"<path class="head" d="M{x} {y}L{} {}L{} {}z"/>"#,
            base_x - dy * 5,
            base_y - dx * 5,
            base_x + dy * 5,
            base_y + dx * 5
        ));
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
