//! The processes that use a file, in words.

use mmapio_core::FileUser;

use super::escape;

/// The cell of a table is as wide as that for all rows.
const MOST: usize = 1;

/// `postgres(812) mapped, cat(90) open`; of too many the first ones and how many more.
pub(crate) fn words(users: &[FileUser], most: Option<usize>) -> String {
    let most = most.unwrap_or(users.len());
    let name = |user: &FileUser| format!("{}({}) {}", escape::text(&user.command), user.pid, user.how());
    let mut names: Vec<String> = users.iter().take(most).map(name).collect();
    if users.len() > most {
        names.push(format!("{} more", users.len() - most));
    }
    names.join(", ")
}

/// The cell of a table: `-` of what nobody uses.
pub(crate) fn of_table(users: Option<&[FileUser]>) -> String {
    users.map_or_else(|| "-".to_owned(), |users| words(users, Some(MOST)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_are_counted() {
        let user = |pid, mapped, open| FileUser { pid, command: "a\nb".into(), mapped, open };
        let users = [user(1, true, false), user(2, false, true), user(3, true, true), user(4, true, true)];
        assert_eq!(of_table(Some(&users)), "a\\nb(1) mapped, 3 more");
        assert!(words(&users, None).ends_with("a\\nb(4) both"));
        assert_eq!(of_table(None), "-");
    }
}
