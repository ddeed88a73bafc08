//! Exports in other places than a local folder: a store like S3's, a server, and wrong URLs.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::thread;

use lazaret_pseudonym::Identities;

use super::fixture::{Night, run_at, run_of, shipped};
use super::pieces::gzip;
use crate::source::Source;
use crate::{Export, IngestError};

const PATIENT: &str = "{\"resourceType\":\"Patient\",\"id\":\"a\"}\n";

fn condition(n: usize) -> String {
    format!(
        "{{\"resourceType\":\"Condition\",\"id\":\"c{n}\",\"note\":[{{\"text\":\"{}\"}}],\
         \"subject\":{{\"reference\":\"Patient/a\"}}}}\n",
        "x".repeat(1000)
    )
}

/// Over two ranges of 4 MiB.
fn conditions() -> String {
    (0..9000).map(condition).collect()
}

fn manifest(output: &str) -> String {
    format!("{{\"transactionTime\":\"2025-01-01T00:00:00Z\",\"output\":[{output}]}}")
}

fn listed(kind: &str, url: &str) -> String {
    format!("{{\"type\":\"{kind}\",\"url\":\"{url}\"}}")
}

/// A server of some files; answers ranges where `ranges`.
struct Server {
    url: String,
}

impl Server {
    fn start(files: &[(&str, Vec<u8>)], ranges: bool) -> Self {
        let files: BTreeMap<String, Vec<u8>> = files
            .iter()
            .map(|(path, bytes)| ((*path).to_owned(), bytes.clone()))
            .collect();
        let files = Arc::new(files);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        // It ends with the process: a test has nothing to wait for.
        thread::spawn(move || {
            for stream in listener.incoming() {
                let files = Arc::clone(&files);
                thread::spawn(move || answer(stream.unwrap(), &files, ranges).ok());
            }
        });
        Self { url }
    }
}

fn answer(
    stream: TcpStream,
    files: &BTreeMap<String, Vec<u8>>,
    ranges: bool,
) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut request = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 || line.trim().is_empty() {
            break;
        }
        request.push(line.trim().to_owned());
    }
    let mut first = request[0].split(' ');
    let (method, path) = (first.next().unwrap(), first.next().unwrap());
    let range = request.iter().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        let range = value.trim().strip_prefix("bytes=")?;
        let (from, to) = range.split_once('-')?;
        let bounds = (from.parse::<usize>().ok()?, to.parse::<usize>().ok()?);
        Some(bounds).filter(|_| ranges && name.eq_ignore_ascii_case("range"))
    });
    let mut out = stream;
    let Some(bytes) = files.get(path) else {
        let gone = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
        return out.write_all(gone.as_bytes());
    };
    let (status, extra, body) = match range {
        Some((from, to)) => {
            let to = to.min(bytes.len() - 1);
            let header = format!("Content-Range: bytes {from}-{to}/{}\r\n", bytes.len());
            ("206 Partial Content", header, &bytes[from..=to])
        }
        None => ("200 OK", String::new(), &bytes[..]),
    };
    let length = body.len();
    write!(
        out,
        "HTTP/1.1 {status}\r\nContent-Length: {length}\r\n{extra}\
         Last-Modified: Wed, 01 Jan 2025 00:00:00 GMT\r\nConnection: close\r\n\r\n"
    )?;
    if method == "GET" {
        out.write_all(body)?;
    }
    out.flush()
}

fn refused(url: &str) -> String {
    let night = Night::new(&[]);
    let got = run_at(&shipped(), url, Identities::new(), night.quarantine());
    got.err().unwrap().to_string()
}

#[test]
fn a_server_gives_what_its_manifest_lists() {
    let conditions = conditions();
    let output = [
        listed("Patient", "/bulk/1/Patient.0.ndjson"),
        listed("Condition", "files/Condition.ndjson.gz"),
        listed("Condition", "Condition.1.ndjson"),
    ];
    let files = [
        (
            "/bulk/1/manifest.json",
            manifest(&output.join(",")).into_bytes(),
        ),
        ("/bulk/1/Patient.0.ndjson", PATIENT.as_bytes().to_vec()),
        (
            "/bulk/1/files/Condition.ndjson.gz",
            gzip(condition(9999).as_bytes()),
        ),
        (
            "/bulk/1/Condition.1.ndjson",
            conditions.clone().into_bytes(),
        ),
        ("/bulk/1/not-listed.ndjson", b"x".to_vec()),
    ];
    let server = Server::start(&files, true);
    let night = Night::new(&[]);
    let mut runs = Vec::new();
    for url in ["/bulk/1", "/bulk/1/", "/bulk/1/manifest.json"] {
        let url = format!("{}{url}", server.url);
        let got = run_at(&shipped(), &url, Identities::new(), night.quarantine());
        let got = got.unwrap_or_else(|error| panic!("{error}"));
        let names: Vec<_> = got
            .end
            .report
            .files
            .iter()
            .map(|f| f.name.as_str())
            .collect();
        let expected = [
            "Patient.0.ndjson",
            "Condition.1.ndjson",
            "Condition.ndjson.gz",
        ];
        assert_eq!(names, expected);
        assert_eq!(got.tables["condition"].num_rows(), 9001);
        assert_eq!(got.end.report.exported, "2025-01-01T00:00:00+00:00");
        runs.push(got.end.report.run);
    }
    assert!(
        runs.windows(2).all(|two| two[0] == two[1]),
        "the same run from anywhere"
    );
}

#[test]
fn what_a_server_cannot_give_is_refused_with_what_to_do() {
    let case = |output: &str, more: &str, ranges: bool| {
        let text = manifest(output).replacen('{', &format!("{{{more}"), 1);
        let files = [
            ("/manifest.json", text.into_bytes()),
            ("/Patient.ndjson", PATIENT.as_bytes().to_vec()),
        ];
        refused(&Server::start(&files, ranges).url)
    };
    let patient = listed("Patient", "Patient.ndjson");
    for (output, more, ranges, expected) in [
        (
            patient.as_str(),
            "\"requiresAccessToken\":true,",
            true,
            "access token",
        ),
        (
            &listed("Patient", "http://127.0.0.2/Patient.ndjson"),
            "",
            true,
            "another server",
        ),
        (
            &listed("Patient", "Patient.ndjson?token=1"),
            "",
            true,
            "behind a query",
        ),
        (
            &listed("Patient", "Patient.1.ndjson"),
            "",
            true,
            "no such file",
        ),
        (
            &format!("{patient},{patient}"),
            "",
            true,
            "two files of the export",
        ),
        ("7", "", true, "not a manifest"),
        (&patient, "", false, "no byte ranges"),
    ] {
        let text = case(output, more, ranges);
        assert!(text.contains(expected), "{output} {more}: {text}");
    }
    let server = Server::start(&[], true);
    assert!(
        refused(&server.url).contains("no such file"),
        "{}",
        refused(&server.url)
    );
    assert!(refused(&format!("{}/x?y=1", server.url)).contains("query"));
}

#[test]
fn an_address_says_what_is_wrong_with_it() {
    for (url, expected) in [
        ("ftp://host/folder", "not known: use a path"),
        ("memory:///x", "not known"),
        ("/no/such/folder", "No such file"),
        ("file://host/x", "local folder"),
        ("az://container/x", "AZURE_*"),
    ] {
        let text = refused(url);
        assert!(
            text.contains(url) && text.contains(expected),
            "{url}: {text}"
        );
    }
}

/// Constructed only: nobody answers here.
#[test]
fn clouds_are_opened_with_their_variables() {
    let open = |url: &str, variables: &[(&str, &str)]| {
        let owned = variables
            .iter()
            .map(|(a, b)| ((*a).to_owned(), (*b).to_owned()));
        Source::open_with(url, owned)
            .map(|_| ())
            .map_err(|error| error.to_string())
    };
    let key =
        "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";
    let account = [
        ("AZURE_STORAGE_ACCOUNT_NAME", "a"),
        ("AZURE_STORAGE_ACCOUNT_KEY", key),
    ];
    let service = "{\"gcs_base_url\":\"https://localhost\",\"disable_oauth\":true,\
        \"client_email\":\"\",\"private_key\":\"\",\"private_key_id\":\"\"}";
    for (url, variables) in [
        ("s3://bucket/folder", &[("AWS_REGION", "eu-west-3")][..]),
        ("s3a://bucket", &[]),
        ("az://container/folder", &account),
        ("abfs://container/folder", &account),
        (
            "abfss://c@a.dfs.core.windows.net/f",
            &[("AZURE_STORAGE_ACCOUNT_KEY", key)],
        ),
        (
            "gs://bucket/folder",
            &[("GOOGLE_SERVICE_ACCOUNT_KEY", service)],
        ),
        ("https://example.org/bulk/1/manifest.json", &[]),
    ] {
        assert_eq!(open(url, variables), Ok(()), "{url}");
    }
    let wrong = open("gs://bucket/x", &[("GOOGLE_SERVICE_ACCOUNT_KEY", "{}")]).unwrap_err();
    assert!(wrong.contains("GOOGLE_*"), "{wrong}");
}

/// Puts the files of a folder into a bucket of a server like S3's and says its port.
const MOTO: &str = "
import pathlib, sys
import boto3
from moto.server import ThreadedMotoServer
server = ThreadedMotoServer(ip_address='127.0.0.1', port=0, verbose=False)
server.start()
port = server.get_host_and_port()[1]
s3 = boto3.client('s3', endpoint_url=f'http://127.0.0.1:{port}', region_name='us-east-1',
                  aws_access_key_id='id', aws_secret_access_key='secret')
s3.create_bucket(Bucket='night')
for path in pathlib.Path(sys.argv[1]).iterdir():
    s3.put_object(Bucket='night', Key=f'exports/1/{path.name}', Body=path.read_bytes())
print(port, flush=True)
sys.stdin.read()
";

struct Moto(Child);

impl Drop for Moto {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

/// The server and its port, or nothing where the Python of the checks has no moto.
fn moto(night: &Night) -> Option<(Moto, u16)> {
    let python = std::env::var_os("LAZARET_PYTHON").map(PathBuf::from);
    let started = python.and_then(|python| {
        let mut command = Command::new(python);
        command.args(["-c", MOTO]).arg(night.export());
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        command.spawn().ok()
    });
    let mut line = String::new();
    if let Some(mut child) = started {
        let stdout = child.stdout.take().unwrap();
        BufReader::new(stdout)
            .take(20)
            .read_line(&mut line)
            .unwrap();
        let moto = Moto(child);
        if let Ok(port) = line.trim().parse() {
            return Some((moto, port));
        }
    }
    let ci = std::env::var_os("CI").is_some_and(|ci| ci == "true");
    assert!(!ci, "CI needs moto[server]");
    #[allow(clippy::print_stderr, reason = "a skipped test says so")]
    let () = eprintln!("skipped: LAZARET_PYTHON names no Python with moto[server]");
    None
}

#[test]
fn an_export_in_a_bucket_is_the_run_of_the_same_files_in_a_folder() {
    let conditions = conditions();
    let packed = gzip(condition(9999).as_bytes());
    let night = Night::new(&[
        ("Patient.ndjson", PATIENT),
        ("Condition.ndjson", &conditions),
        ("manifest.json", &manifest("")),
    ]);
    night.write("Condition.1.ndjson.gz", &packed);
    let Some((_moto, port)) = moto(&night) else {
        return;
    };
    let endpoint = format!("http://127.0.0.1:{port}");
    let open = |url: &str, id: &str| {
        let variables = [
            ("AWS_ENDPOINT_URL", endpoint.as_str()),
            ("AWS_ALLOW_HTTP", "true"),
            ("AWS_ACCESS_KEY_ID", id),
            ("AWS_SECRET_ACCESS_KEY", "secret"),
        ];
        let owned = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
        Source::open_with(url, owned.into_iter()).unwrap()
    };
    let of = |url: &str| run_of(&shipped(), night.quarantine(), open(url, "id"), url);
    let there = of("s3://night/exports/1/").unwrap_or_else(|error| panic!("{error}"));
    let here = night
        .run(&shipped())
        .unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(there.tables["condition"].num_rows(), 9001);
    assert_eq!(there.end.report.run, here.end.report.run);
    let mut touched = [there.touched, here.touched];
    for touched in &mut touched {
        touched.sort_by_key(|touched| touched.resource);
    }
    assert_eq!(touched[0], touched[1]);
    let refused = of("s3://night/exports/2").err().unwrap();
    assert!(
        refused.to_string().contains("no file is named"),
        "{refused}"
    );
    let refused = of("s3://day/exports/1").err().unwrap();
    assert!(matches!(refused, IngestError::Read { .. }));
    assert!(
        refused.to_string().contains("no such file or bucket"),
        "{refused}"
    );
}

#[test]
fn a_file_that_grows_or_shrinks_while_it_is_read_stops_the_run() {
    let conditions = conditions();
    for change in ["grows", "shrinks", "changes", "goes"] {
        let night = Night::new(&[("Condition.ndjson", &conditions)]);
        let path = night.export().join("Condition.ndjson");
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let error = runtime.block_on(async {
            let url = night.export();
            let pipeline = shipped();
            let export = Export::open(&pipeline, url.to_str().unwrap())
                .await
                .unwrap();
            match change {
                "grows" => {
                    let longer = format!("{conditions}{}", condition(9999));
                    std::fs::write(&path, longer).unwrap();
                }
                "shrinks" => std::fs::write(&path, &conditions[..conditions.len() - 1]).unwrap(),
                "changes" => std::fs::write(&path, conditions.replace('x', "y")).unwrap(),
                _ => std::fs::remove_file(&path).unwrap(),
            }
            super::fixture::run_export(&pipeline, &export, Identities::new(), night.quarantine())
                .await
                .err()
                .unwrap()
        });
        let text = error.to_string();
        assert!(
            matches!(error, IngestError::Read { .. }),
            "{change}: {text}"
        );
        assert!(
            text.contains("it changed while it was read"),
            "{change}: {text}"
        );
        assert!(text.contains("Condition.ndjson"), "{change}: {text}");
    }
}
