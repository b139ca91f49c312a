//! The pages speak English and Chinese.

use actix_web::HttpRequest;
use actix_web::http::header;

use super::error::PlutoError;

/// What a page is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Language {
    English,
    Chinese,
}

/// What a page says.
#[derive(Debug, Clone, Copy)]
pub(super) enum Phrase {
    Verified,
    VerifiedText,
    NotVerified,
    MailSent,
    MailSentText,
    ResetTitle,
    NewPassword,
    NewPasswordAgain,
    SetPassword,
    PasswordSet,
    PasswordSetText,
    PasswordNotSet,
    PasswordMissing,
    PasswordTooLong,
    PasswordsDiffer,
    Resend,
    MailAddress,
    SendAgain,
    NotFound,
    ErrorCode,
    LogIn,
    Account,
    Password,
    NotLoggedIn,
    ConsentTitle,
    ConsentText,
    ConsentScopes,
    NoScopes,
    SentTo,
    LoggedInAs,
    ForHowLong,
    OneHour,
    OneDay,
    OneWeek,
    Allow,
    Deny,
    NotAuthorized,
}

impl Language {
    /// The reader's, by `Accept-Language`. Japanese is known, and is answered in English.
    pub(super) fn of(request: &HttpRequest) -> Self {
        let header = request
            .headers()
            .get(header::ACCEPT_LANGUAGE)
            .and_then(|value| value.to_str().ok());
        header.map_or(Self::English, Self::preferred)
    }

    /// Of the languages with the highest weight the first that is known.
    fn preferred(header: &str) -> Self {
        let mut best: Option<(f32, Self)> = None;
        for choice in header.split(',') {
            let mut parts = choice.split(';').map(str::trim);
            let tag = parts.next().unwrap_or_default().to_ascii_lowercase();
            let language = match tag.split('-').next().unwrap_or_default() {
                "zh" => Self::Chinese,
                "en" | "ja" => Self::English,
                _ => continue,
            };
            let weight = parts
                .find_map(|part| part.strip_prefix("q="))
                .map_or(Ok(1.0), str::parse::<f32>);
            let weight = weight.unwrap_or(0.0);
            if weight > best.map_or(0.0, |(best, _)| best) {
                best = Some((weight, language));
            }
        }
        best.map_or(Self::English, |(_, language)| language)
    }

    /// The language's tag (RFC 5646).
    pub(super) fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Chinese => "zh-Hans",
        }
    }

    pub(super) fn say(self, phrase: Phrase) -> &'static str {
        let (english, chinese) = match phrase {
            Phrase::Verified => ("Mail address verified", "邮箱已验证"),
            Phrase::VerifiedText => ("You can log in now.", "您现在可以登录了。"),
            Phrase::NotVerified => ("The mail address was not verified", "邮箱未能通过验证"),
            Phrase::MailSent => ("Mail sent", "邮件已发送"),
            Phrase::MailSentText => ("Follow the link in the mail.", "请打开邮件中的链接。"),
            Phrase::ResetTitle => ("Choose a new password", "设置新密码"),
            Phrase::NewPassword => ("New password", "新密码"),
            Phrase::NewPasswordAgain => ("New password again", "再次输入新密码"),
            Phrase::SetPassword => ("Set password", "确定"),
            Phrase::PasswordSet => ("Password changed", "密码已更改"),
            Phrase::PasswordSetText => ("Log in with your new password.", "请使用新密码登录。"),
            Phrase::PasswordNotSet => ("The password was not changed", "密码未能更改"),
            Phrase::PasswordMissing => ("Enter a password.", "请输入密码。"),
            Phrase::PasswordTooLong => ("The password is too long.", "密码过长。"),
            Phrase::PasswordsDiffer => ("The two passwords are not the same.", "两次输入的密码不一致。"),
            Phrase::Resend => ("Have a new mail sent", "重新发送邮件"),
            Phrase::MailAddress => ("Mail address", "邮箱地址"),
            Phrase::SendAgain => ("Send", "发送"),
            Phrase::NotFound => ("Page not found", "找不到页面"),
            Phrase::ErrorCode => ("Error", "错误代码"),
            Phrase::LogIn => ("Log in", "登录"),
            Phrase::Account => ("Mail address or name", "邮箱或用户名"),
            Phrase::Password => ("Password", "密码"),
            Phrase::NotLoggedIn => (
                "The account or the password is wrong, or the account cannot be used.",
                "账号或密码错误，或该账号无法使用。",
            ),
            Phrase::ConsentTitle => ("A program asks to act for you", "应用请求您的授权"),
            Phrase::ConsentText => ("It would know who you are in", "它将获知您在以下应用中的身份："),
            Phrase::ConsentScopes => ("It would be allowed:", "它将获得以下权限："),
            Phrase::NoScopes => ("It would be allowed nothing more.", "它不会获得其他权限。"),
            Phrase::SentTo => ("You will be sent to", "您将被转到"),
            Phrase::LoggedInAs => ("You are logged in as", "您当前的登录身份："),
            Phrase::ForHowLong => ("For how long", "授权时长"),
            Phrase::OneHour => ("One hour", "一小时"),
            Phrase::OneDay => ("One day", "一天"),
            Phrase::OneWeek => ("One week", "一周"),
            Phrase::Allow => ("Allow", "允许"),
            Phrase::Deny => ("Deny", "拒绝"),
            Phrase::NotAuthorized => ("The program cannot be let in", "无法完成授权"),
        };
        self.choose(english, chinese)
    }

    /// What a refusal means to whoever reads a page.
    pub(super) fn explain(self, refusal: PlutoError) -> &'static str {
        let (english, chinese) = match refusal {
            PlutoError::INVALID_JWT => (
                "The link is not valid, or it was used before.",
                "链接无效，或已被使用过。",
            ),
            PlutoError::JWT_EXPIRED => ("The link has expired.", "链接已过期。"),
            PlutoError::MAIL_VERIFIED => (
                "The mail address was verified before. You can log in.",
                "该邮箱此前已通过验证，您可以直接登录。",
            ),
            PlutoError::MAIL_UNKNOWN => ("No account has this mail address.", "没有使用该邮箱的账号。"),
            PlutoError::FORBIDDEN => ("The account is suspended.", "该账号已被停用。"),
            PlutoError::BAD_REQUEST => ("The form was not filled in correctly.", "填写的内容有误。"),
            PlutoError::UNKNOWN_CLIENT => ("No such program is known.", "未找到该应用。"),
            PlutoError::INVALID_CLIENT => (
                "The program was not approved by an administrator.",
                "该应用尚未获得管理员的批准。",
            ),
            PlutoError::INVALID_REDIRECT_URI => (
                "The program wants you sent to an address that it did not register. Nothing was sent there.",
                "该应用请求的跳转地址未经登记，未进行跳转。",
            ),
            PlutoError::FOREIGN_FORM => (
                "The form did not come from this page, or the page was open for too long. Go back and try again.",
                "该表单并非由本页面提交，或页面已过期。请返回后重试。",
            ),
            PlutoError::UNKNOWN_APPLICATION => ("There is no such application.", "该应用不存在。"),
            PlutoError::SECOND_FACTOR_REQUIRED => (
                "The account has a second factor, which this page cannot ask for.",
                "该账号启用了双重验证，本页面无法完成登录。",
            ),
            PlutoError::PATH_NOT_FOUND => ("There is nothing here.", "此处没有内容。"),
            _ => (refusal.message(), "服务器暂时无法处理该请求，请稍后再试。"),
        };
        self.choose(english, chinese)
    }

    fn choose(self, english: &'static str, chinese: &'static str) -> &'static str {
        match self {
            Self::English => english,
            Self::Chinese => chinese,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reader_chooses_the_language() {
        for (header, expected) in [
            ("zh-CN,zh;q=0.9,en;q=0.8", Language::Chinese),
            ("en;q=0.5, zh;q=0.7", Language::Chinese),
            ("fr, zh;q=0.1", Language::Chinese),
            ("en, zh", Language::English),
            ("ja, zh;q=0.9", Language::English),
            ("fr", Language::English),
            ("zh;q=0", Language::English),
            ("zh;q=many", Language::English),
            ("", Language::English),
        ] {
            assert_eq!(Language::preferred(header), expected, "{header}");
        }
    }
}
