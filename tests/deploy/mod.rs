//! What is given to operators is read here as the machine will read it.

mod yaml;

use std::collections::BTreeMap;

use serde_json::Value;

use crate::support::home::{Home, fresh_folder};
use crate::support::repository;

fn read(name: &str) -> String {
    std::fs::read_to_string(repository().join("deploy").join(name)).unwrap()
}

type Unit = BTreeMap<String, Vec<(String, String)>>;

/// A systemd unit: sections with their settings in order.
///
/// # Errors
/// The line that is no section, setting or comment, or stands before the first section.
fn unit(text: &str) -> Result<Unit, String> {
    let mut sections = Unit::new();
    let mut now = None;
    for (at, line) in text
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.is_empty())
    {
        if line.starts_with(['#', ';']) {
            continue;
        }
        if let Some(name) = line
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'))
        {
            now = Some(sections.entry(name.to_owned()).or_default());
            continue;
        }
        let word = |key: &str| !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric());
        match (line.split_once('='), &mut now) {
            (Some((key, value)), Some(section)) if word(key) => {
                section.push((key.to_owned(), value.to_owned()));
            }
            _ => return Err(format!("line {}: `{line}`", at + 1)),
        }
    }
    Ok(sections)
}

fn setting<'a>(unit: &'a Unit, section: &str, key: &str) -> Option<&'a str> {
    unit.get(section)?
        .iter()
        .find(|(name, _)| name == key)
        .map(|(_, value)| value.as_str())
}

#[test]
fn the_service_is_locked_down() {
    let service = unit(&read("lazaret-ingest.service")).unwrap();
    assert_eq!(service.keys().collect::<Vec<_>>(), ["Service", "Unit"]);
    for (key, value) in [
        ("Type", "oneshot"),
        ("SuccessExitStatus", "3"),
        ("UMask", "0077"),
        ("StateDirectoryMode", "0700"),
        ("NoNewPrivileges", "yes"),
        ("CapabilityBoundingSet", ""),
        ("ProtectSystem", "strict"),
        ("ProtectHome", "yes"),
        ("PrivateTmp", "yes"),
        ("MemoryDenyWriteExecute", "yes"),
        ("SystemCallFilter", "@system-service"),
        ("LimitCORE", "0"),
    ] {
        assert_eq!(setting(&service, "Service", key), Some(value), "{key}");
    }
    let timer = unit(&read("lazaret-ingest.timer")).unwrap();
    assert_eq!(setting(&timer, "Timer", "Persistent"), Some("yes"));
    assert_eq!(
        setting(&timer, "Timer", "OnCalendar"),
        Some("*-*-* 02:30:00")
    );
    assert_eq!(
        setting(&timer, "Install", "WantedBy"),
        Some("timers.target")
    );
    for wrong in ["a=b", "[A]\nno setting", "[A]\na b=c"] {
        assert!(unit(wrong).is_err(), "{wrong}");
    }
}

/// The arguments after the program, in every file that starts a night.
fn nights() -> Vec<(&'static str, Vec<String>)> {
    let words = |value: &Value| -> Vec<String> {
        let list = value.as_array().unwrap().iter();
        list.map(|word| word.as_str().unwrap().to_owned()).collect()
    };
    let service = unit(&read("lazaret-ingest.service")).unwrap();
    let start = setting(&service, "Service", "ExecStart").unwrap();
    let compose = yaml::parse(&read("compose.yaml")).unwrap();
    let job = yaml::parse(&read("kubernetes.yaml")).unwrap();
    let pod = &job["spec"]["jobTemplate"]["spec"]["template"]["spec"];
    vec![
        (
            "systemd",
            start.split(' ').skip(1).map(str::to_owned).collect(),
        ),
        ("compose", words(&compose["services"]["night"]["command"])),
        ("kubernetes", words(&pod["containers"][0]["args"])),
    ]
}

#[test]
fn every_night_is_the_same_command() {
    for (file, arguments) in nights() {
        let plain: Vec<_> = arguments
            .iter()
            .map(String::as_str)
            .filter(|a| !a.starts_with("file://"))
            .collect();
        let pipeline = "/usr/share/lazaret/pipelines/fhir-r4";
        assert_eq!(
            plain,
            ["ingest", pipeline, "--from", "--log", "json"],
            "{file}"
        );
    }
}

#[test]
fn containers_run_with_nothing_they_do_not_need() {
    let compose = yaml::parse(&read("compose.yaml")).unwrap();
    let night = &compose["services"]["night"];
    assert_eq!(night["cap_drop"][0], "ALL");
    assert_eq!(
        (&night["read_only"], &night["network_mode"]),
        (&true.into(), &"none".into())
    );
    let job = yaml::parse(&read("kubernetes.yaml")).unwrap();
    assert_eq!(
        (&job["kind"], &job["apiVersion"]),
        (&"CronJob".into(), &"batch/v1".into())
    );
    assert_eq!(
        job["spec"]["concurrencyPolicy"], "Forbid",
        "one writer a lake"
    );
    let pod = &job["spec"]["jobTemplate"]["spec"]["template"]["spec"];
    assert_eq!(pod["automountServiceAccountToken"], false);
    assert_eq!(pod["securityContext"]["runAsNonRoot"], true);
    for kind in ["initContainers", "containers"] {
        let security = &pod[kind][0]["securityContext"];
        assert_eq!(security["allowPrivilegeEscalation"], false, "{kind}");
        assert_eq!(security["readOnlyRootFilesystem"], true, "{kind}");
        assert_eq!(security["capabilities"]["drop"][0], "ALL", "{kind}");
        for mount in pod[kind][0]["volumeMounts"].as_array().unwrap() {
            let mut volumes = pod["volumes"].as_array().unwrap().iter();
            assert!(
                volumes.any(|volume| volume["name"] == mount["name"]),
                "{mount}"
            );
        }
    }
}

#[test]
fn the_container_file_builds_what_it_runs() {
    let file = read("Containerfile");
    let stages = file
        .lines()
        .filter(|line| line.starts_with("FROM "))
        .count();
    assert_eq!(stages, 2, "built in one image, run in another");
    for line in file.lines().filter(|line| line.starts_with("FROM ")) {
        assert!(line.contains(':') && !line.contains(":latest"), "{line}");
    }
    let user = file
        .lines()
        .find_map(|line| line.strip_prefix("USER "))
        .unwrap();
    assert_eq!(user, "10001:10001", "the same as in kubernetes.yaml");
    let copied = |line: &str| {
        let words: Vec<_> = line.split(' ').map(str::to_owned).collect();
        words.get(1..words.len() - 1).unwrap_or_default().to_vec()
    };
    let copies = file
        .lines()
        .filter(|line| line.starts_with("COPY ") && !line.contains("--from"));
    for path in copies.flat_map(copied) {
        assert!(
            repository().join(&path).exists(),
            "{path} is copied and not there"
        );
    }
}

#[test]
fn the_sample_configuration_is_one() {
    let home = Home::at(fresh_folder("deploy-sample"));
    let path = home.dir().join("lazaret.toml");
    std::fs::write(&path, read("lazaret.toml")).unwrap();
    let said = home.lazaret(&["config", "check"]).done().out;
    for word in [
        "role all",
        "dataset fr-demo",
        "epsilon 10",
        "delta 0.000001",
    ] {
        assert!(said.contains(word), "{word}: {said}");
    }
    std::fs::write(&path, read("lazaret.toml") + "\nwats = 15\n").unwrap();
    let wrong = home.lazaret(&["config", "check"]);
    assert_eq!(wrong.status, lazaret_cli::FAILED);
    assert!(
        wrong.err.contains("wats"),
        "an unknown key is an error: {}",
        wrong.err
    );
}

#[test]
fn the_command_has_the_options_a_night_is_given() {
    let home = Home::at(fresh_folder("deploy-help"));
    let help = home.lazaret(&["ingest", "--help"]).done().out;
    for (file, arguments) in nights() {
        for option in arguments
            .iter()
            .filter(|argument| argument.starts_with("--"))
        {
            assert!(
                help.contains(option.as_str()),
                "{file}: {option} is not in\n{help}"
            );
        }
    }
}
