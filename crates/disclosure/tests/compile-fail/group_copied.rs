use lazaret_disclosure::Group;

fn twice(group: &Group) -> Group {
    Group::clone(group)
}

fn main() {}
